"""The ledger of messages: what makes "never lost, never answered twice" true.

A customer's message is written here before it is acknowledged, and every bubble of the bot before it
is sent. Each conversation numbers its messages 1, 2, 3, ... without gaps, so that a client sees by the
numbers alone whether it missed one.

A message belongs to the conversation in which its sender speaks at that time (`kefu.customers`), and knows by
which of the customer's identities, on which channel, it came or has to go.

A conversation is answered by one process at a time: the one that holds its lease. A process that dies
stops renewing, and another (or its own successor) takes over where the ledger says it stopped.

Every method is synchronous and takes one short transaction, whose first statement writes: SQLite and
PostgreSQL then queue concurrent writers of a conversation instead of failing one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    and_,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kefu.customers import service as customers
from kefu.customers.service import Sender
from kefu.db import Base, batches, session_scope, utcnow

NO_SYNC = {"synchronize_session": False}


class Conversation(Base):
    """A conversation; its id is Rasa's ``sender_id`` and that of the identity whose own one it is.

    Attributes:
        changes: Grows with all that happens in it, so that who follows it sees by one number whether to look.
        restart: Its dialogue must be begun afresh before the next message, because a link was undone.
    """

    __tablename__ = "conversations"

    id = Column(String(64), primary_key=True)
    last_seq = Column(Integer, nullable=False, default=0)
    changes = Column(Integer, nullable=False, default=0)
    lease_owner = Column(String(36))
    lease_until = Column(DateTime)
    restart = Column(Boolean, nullable=False, default=False)
    created_at = Column(DateTime, nullable=False, default=utcnow)


class Message(Base):
    """One message. ``in`` comes from the customer, ``out`` from the bot.

    Attributes:
        client_id: The channel's id of an ``in`` message, the key against doubles.
        identity: Who sent it, or to whom it is addressed.
        reply_to: The ``seq`` of the message that a bubble answers; ``None`` for a push.
        answered_at: When the answer to an ``in`` message was complete.
        delivery: Of an ``out`` message on a channel that has to be pushed to: ``due``, ``sending``, ``sent``
            or ``failed``. ``None`` where the customer's client fetches what it has not seen.
        delivery_by: Who took it to deliver it (kefu.conversations.deliveries).
        delivery_at: When it was taken; of a ``due`` one, before when it is not tried again.
        delivery_tries: How often it was tried and certainly did not arrive.
        delivered_at, read_at: When the customer's client had it, and showed it, where the channel can know.
    """

    __tablename__ = "messages"

    conversation_id = Column(String(64), ForeignKey("conversations.id"), primary_key=True)
    seq = Column(Integer, primary_key=True, autoincrement=False)
    direction = Column(String(3), nullable=False)
    client_id = Column(String(36))
    identity = Column(String(64), nullable=False)
    channel = Column(String(16), nullable=False)
    body = Column(JSON, nullable=False)
    reply_to = Column(Integer)
    attempts = Column(Integer, nullable=False, default=0)
    created_at = Column(DateTime, nullable=False, default=utcnow)
    answered_at = Column(DateTime)
    delivery = Column(String(8))
    delivery_by = Column(String(64), index=True)
    delivery_at = Column(DateTime)
    delivery_tries = Column(Integer, nullable=False, default=0)
    delivered_at = Column(DateTime)
    read_at = Column(DateTime)

    __table_args__ = (
        Index("uq_messages_identity_client_id", "identity", "client_id", unique=True),
        Index("ix_messages_unanswered", "direction", "answered_at"),
        Index("ix_messages_delivery", "delivery", "channel"),
    )


@dataclass(frozen=True)
class Entry:
    """A message as read from the ledger; times are UTC.

    Attributes:
        audience: Every identity of the customer; given when the message is stored.
        came_from: The channel left, where the customer has changed channels with this message.
    """

    conversation: str
    seq: int
    direction: str
    client_id: str | None
    body: dict[str, Any]
    reply_to: int | None
    attempts: int
    created_at: datetime
    identity: str = ""
    channel: str = ""
    answered_at: datetime | None = None
    delivery: str | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    audience: tuple[str, ...] = ()
    came_from: str | None = None


@dataclass(frozen=True)
class Standing:
    """Where a conversation stands, for a client that follows it.

    Attributes:
        conversation, changes: Of which, and of which of its states, this is.
        messages: Those asked for, oldest first.
        processing: The customer's message whose answer is being worked on, if there is one.
        answered: The customer's last message up to which all are answered; 0 without one.
        delivered, read: The bot's last message that a client of the customer has, and has shown; 0 without.
    """

    conversation: str
    changes: int
    messages: list[Entry]
    processing: int | None = None
    answered: int = 0
    delivered: int = 0
    read: int = 0


class LeaseLost(Exception):
    """Another process answers this conversation now; whatever this one still has must not be sent."""


class Ledger:
    """Reads and writes conversations.

    Args:
        scope: Opens a session that commits at its end.
    """

    def __init__(self, scope: Callable[[], AbstractContextManager[Session]] = session_scope) -> None:
        self._scope = scope
        #: Channels whose bubbles have to be pushed, which the ledger therefore marks as due.
        self.pushed: set[str] = set()

    @property
    def scope(self) -> Callable[[], AbstractContextManager[Session]]:
        """Opens a session on the ledger's database that commits at its end."""
        return self._scope

    def conversation_of(self, identity: str) -> str:
        """The conversation in which ``identity`` speaks now."""
        with self._scope() as session:
            return customers.conversation_of(session, identity)

    def conversations_of(self, identity: str) -> list[str]:
        """The customer's conversations: the present one, then the others with messages, newest first."""
        with self._scope() as session:
            present = customers.conversation_of(session, identity)
            others = set(customers.circle(session, present)) - {present}
            query = select(Conversation.id).where(Conversation.id.in_(others))
            newest_first = query.order_by(Conversation.created_at.desc(), Conversation.id)
            return [present, *session.execute(newest_first).scalars()]

    def accept(self, sender: Sender, client_id: str, body: dict) -> tuple[Entry, bool]:
        """Stores a customer's message; returns it, and whether it was new (not sent before)."""
        return self._retried(lambda: self._accept(sender, client_id, body))

    def push(self, customer: str, body: dict, once: Callable[[Session], bool]) -> Entry | None:
        """Stores a bubble that answers nothing, where the customer speaks now, if ``once`` says so.

        Args:
            customer: One of the customer's conversations.
            body: What is said.
            once: Notes, in the same transaction, that it is said; ``False`` if that was done before.
        """
        with self._scope() as session:
            conversation = customers.conversation_of(session, customer)
            return self._write(session, conversation, body, None, None) if once(session) else None

    def record(
        self, conversation: str, body: dict, reply_to: int | None = None, owner: str | None = None
    ) -> Entry:
        """Stores one bubble of the bot, addressed to where its question came from, or the last message.

        Raises:
            LeaseLost: ``owner`` is given and no longer holds the conversation's lease.
        """
        return self._retried(lambda: self._record(conversation, body, reply_to, owner))

    def after(self, conversation: str, seq: int, limit: int) -> list[Entry]:
        """The first ``limit`` messages after ``seq``, oldest first."""
        with self._scope() as session:
            query = _of(conversation).where(Message.seq > seq).order_by(Message.seq).limit(limit)
            return [entry_of(row) for row in session.execute(query).scalars()]

    def before(self, conversation: str, seq: int | None, limit: int) -> list[Entry]:
        """The last ``limit`` messages before ``seq`` (``None``: of all), oldest first."""
        query = _of(conversation).order_by(Message.seq.desc()).limit(limit)
        if seq is not None:
            query = query.where(Message.seq < seq)
        with self._scope() as session:
            return [entry_of(row) for row in session.execute(query).scalars()][::-1]

    def versions(self, identities: Iterable[str]) -> dict[str, tuple[str, int]]:
        """Of each identity the conversation in which it speaks now, and that one's ``changes``."""
        with self._scope() as session:
            speaking = customers.conversations_of(session, identities)
            query = select(Conversation.id, Conversation.changes)
            changes: dict[str, int] = {}
            for some in batches(sorted(set(speaking.values()))):
                changes.update(session.execute(query.where(Conversation.id.in_(some))).all())
        return {identity: (where, changes.get(where, 0)) for identity, where in speaking.items()}

    def look(self, conversation: str, after: int | None, limit: int) -> Standing:
        """Where the conversation stands, with its first messages after ``after`` (``None``: its last)."""
        query, last = _of(conversation), Message.seq.desc()
        query = (
            query.order_by(last) if after is None else query.where(Message.seq > after).order_by(Message.seq)
        )
        came, went = Message.direction == "in", Message.direction == "out"
        with self._scope() as session:
            # First: whatever happens during the reading shows as a change after it.
            changes = select(Conversation.changes).where(Conversation.id == conversation)
            changes = session.execute(changes).scalar() or 0
            messages = [entry_of(row) for row in session.execute(query.limit(limit)).scalars()]
            open_ = select(Message.seq, Message.attempts).where(
                Message.conversation_id == conversation, came, Message.answered_at.is_(None)
            )
            waiting = session.execute(open_.order_by(Message.seq).limit(1)).first()

            def newest(*conditions: Any) -> int:
                seq = select(Message.seq).where(Message.conversation_id == conversation, *conditions)
                return session.execute(seq.order_by(last).limit(1)).scalar() or 0

            return Standing(
                conversation,
                changes,
                messages[::-1] if after is None else messages,
                processing=waiting.seq if waiting and waiting.attempts else None,
                answered=newest(came, Message.seq < waiting.seq) if waiting else newest(came),
                delivered=newest(went, Message.delivered_at.is_not(None)),
                read=newest(went, Message.read_at.is_not(None)),
            )

    def button(self, conversation: str, seq: int, index: int) -> dict | None:
        """The button ``index`` under message ``seq`` of this very conversation, if there is one."""
        with self._scope() as session:
            row = session.get(Message, (conversation, seq))
            buttons = row.body.get("buttons") or [] if row is not None and row.direction == "out" else []
            return buttons[index] if index < len(buttons) else None

    def claim(self, conversation: str, owner: str, seconds: float) -> bool:
        """Takes or renews the right to answer the conversation; ``False`` if another holds it."""
        now = utcnow()
        free = or_(
            Conversation.lease_owner.is_(None),
            Conversation.lease_owner == owner,
            Conversation.lease_until < now,
        )
        with self._scope() as session:
            taken = session.execute(
                update(Conversation)
                .where(Conversation.id == conversation, free)
                .values(lease_owner=owner, lease_until=now + timedelta(seconds=seconds))
                .execution_options(**NO_SYNC)
            )
            return taken.rowcount == 1

    def release(self, conversation: str, owner: str) -> None:
        """Gives the conversation back."""
        with self._scope() as session:
            session.execute(
                update(Conversation)
                .where(Conversation.id == conversation, Conversation.lease_owner == owner)
                .values(lease_owner=None, lease_until=None)
                .execution_options(**NO_SYNC)
            )

    def next_unanswered(self, conversation: str) -> Entry | None:
        """The oldest message that still needs an answer, its attempt counted; ``None`` if there is none.

        A message that was tried before and has bubbles counts as answered: the process died between
        its last bubble and ``finish``.
        """
        oldest = _of(conversation).where(Message.direction == "in", Message.answered_at.is_(None))
        with self._scope() as session:
            _touch(session, conversation)
            for row in session.execute(oldest.order_by(Message.seq)).scalars().all():
                replies = _of(conversation).where(Message.reply_to == row.seq).limit(1)
                if row.attempts and session.execute(replies).first():
                    row.answered_at = utcnow()
                    continue
                row.attempts += 1
                return replace(entry_of(row), came_from=_came_from(session, row))
            return None

    def finish(self, conversation: str, seq: int, open_form: str | None = None) -> None:
        """Marks the customer's message ``seq`` as answered, which left ``open_form`` open.

        If it has undone the sender's link, what is theirs leaves this conversation.
        """
        with self._scope() as session:
            customers.note_turn(session, conversation, open_form)
            session.execute(
                update(Message)
                .where(Message.conversation_id == conversation, Message.seq == seq)
                .values(answered_at=utcnow())
                .execution_options(**NO_SYNC)
            )
            _touch(session, conversation)
            identity = session.get(Message, (conversation, seq)).identity
            if identity not in customers.circle(session, conversation):
                part(session, conversation)

    def waiting(self) -> list[str]:
        """Conversations with a message that still needs an answer."""
        query = (
            select(Message.conversation_id)
            .where(Message.direction == "in", Message.answered_at.is_(None))
            .distinct()
        )
        with self._scope() as session:
            return list(session.execute(query).scalars())

    def take_restart(self, conversation: str) -> bool:
        """Whether the conversation's dialogue must be begun afresh; says so once."""
        with self._scope() as session:
            marked = update(Conversation).where(Conversation.id == conversation, Conversation.restart)
            return session.execute(marked.values(restart=False).execution_options(**NO_SYNC)).rowcount == 1

    def see(self, conversation: str, seq: int, read: bool) -> list[Entry]:
        """Notes that the customer's client has, or shows, the bot's messages up to ``seq``; gives the new."""
        column = Message.read_at if read else Message.delivered_at
        query = _of(conversation).where(Message.direction == "out", Message.seq <= seq, column.is_(None))
        with self._scope() as session:
            seen = session.execute(query.order_by(Message.seq)).scalars().all()
            if seen:
                _touch(session, conversation)
            for row in seen:
                row.delivered_at = row.delivered_at or utcnow()
                row.read_at = utcnow() if read else row.read_at
            return [entry_of(row) for row in seen]

    def _accept(self, sender: Sender, client_id: str, body: dict) -> tuple[Entry, bool]:
        with self._scope() as session:
            query = select(Message).where(Message.identity == sender.id, Message.client_id == client_id)
            known = session.execute(query).scalar()
            if known is not None:
                return entry_of(known), False
            conversation = customers.arrive(session, sender)
            row = Message(
                conversation_id=conversation,
                seq=_next_seq(session, conversation),
                direction="in",
                client_id=client_id,
                identity=sender.id,
                channel=sender.channel,
                body=body,
                created_at=utcnow(),
            )
            session.add(row)
            session.flush()
            return entry_of(row, customers.circle(session, conversation)), True

    def _record(self, conversation: str, body: dict, reply_to: int | None, owner: str | None) -> Entry:
        with self._scope() as session:
            return self._write(session, conversation, body, reply_to, owner)

    def _write(
        self, session: Session, conversation: str, body: dict, reply_to: int | None, owner: str | None
    ) -> Entry:
        seq = _next_seq(session, conversation, owner)
        identity, channel = _address(session, conversation, reply_to)
        row = Message(
            conversation_id=conversation,
            seq=seq,
            direction="out",
            identity=identity,
            channel=channel,
            body=body,
            reply_to=reply_to,
            created_at=utcnow(),
            delivery="due" if channel in self.pushed else None,
        )
        session.add(row)
        session.flush()
        return entry_of(row, {identity, *customers.circle(session, conversation)})

    @staticmethod
    def _retried(write: Callable[[], Any]) -> Any:
        """Runs ``write`` again if another process stored the same customer or message meanwhile."""
        for _ in range(2):
            try:
                return write()
            except IntegrityError:
                continue
        return write()


def part(session: Session, conversation: str) -> None:
    """Gives the messages of a conversation back to whom they belong, after a link was undone.

    Messages of, and to, identities of another customer go to that identity's own conversation. Where they
    stood remains a number without content, so that the others keep theirs without gaps.
    """
    theirs = set(customers.circle(session, conversation))
    query = _of(conversation).where(Message.identity.not_in(theirs)).order_by(Message.seq)
    moved: dict[int, int] = {}
    for row in session.execute(query).scalars().all():
        session.add(
            Message(
                conversation_id=row.identity,
                seq=_next_seq(session, row.identity),
                direction=row.direction,
                identity=row.identity,
                channel=row.channel,
                body=row.body,
                reply_to=moved.get(row.reply_to),
                attempts=row.attempts,
                created_at=row.created_at,
                answered_at=row.answered_at or (utcnow() if row.direction == "in" else None),
                delivery=row.delivery,
                delivered_at=row.delivered_at,
                read_at=row.read_at,
            )
        )
        moved[row.seq] = session.execute(
            select(Conversation.last_seq).where(Conversation.id == row.identity)
        ).scalar_one()
        row.body, row.answered_at, row.delivery = {"event": True}, row.answered_at or utcnow(), None
    session.execute(
        update(Conversation)
        .where(Conversation.id == conversation)
        .values(restart=True, changes=Conversation.changes + 1)
        .execution_options(**NO_SYNC)
    )


def _address(session: Session, conversation: str, reply_to: int | None) -> tuple[str, str]:
    """To whom a bubble goes, and on which channel."""
    asked = select(Message.identity, Message.channel).where(
        Message.conversation_id == conversation, Message.direction == "in"
    )
    if reply_to is not None:
        asked = asked.where(Message.seq == reply_to)
    found = session.execute(asked.order_by(Message.seq.desc()).limit(1)).first()
    if found is not None:
        return found.identity, found.channel
    return conversation, conversation.partition("-")[0]


def _of(conversation: str):
    return select(Message).where(Message.conversation_id == conversation)


def _touch(session: Session, conversation: str) -> None:
    """Takes the conversation's row lock, and says that something happens in it."""
    changed = update(Conversation).where(Conversation.id == conversation)
    changed = changed.values(changes=Conversation.changes + 1)
    session.execute(changed.execution_options(**NO_SYNC))


def _next_seq(session: Session, conversation: str, owner: str | None = None) -> int:
    """Draws the next number, which locks the conversation until the transaction ends."""
    here = Conversation.id == conversation
    held = here if owner is None else and_(here, Conversation.lease_owner == owner)
    bump = update(Conversation).where(held)
    bump = bump.values(last_seq=Conversation.last_seq + 1, changes=Conversation.changes + 1)
    if session.execute(bump.execution_options(**NO_SYNC)).rowcount == 0:
        if owner is not None:
            raise LeaseLost(conversation)
        session.add(Conversation(id=conversation, last_seq=1))
        session.flush()
        return 1
    return session.execute(select(Conversation.last_seq).where(here)).scalar_one()


def _came_from(session: Session, row: Message) -> str | None:
    """The channel of the message before, if the customer has changed channels."""
    before = _of(row.conversation_id).where(Message.direction == "in", Message.seq < row.seq)
    last = session.execute(before.order_by(Message.seq.desc()).limit(1)).scalar()
    return last.channel if last is not None and last.identity != row.identity else None


def entry_of(row: Message, audience: Iterable[str] = ()) -> Entry:
    """A row as a value."""
    return Entry(
        conversation=row.conversation_id,
        seq=row.seq,
        direction=row.direction,
        client_id=row.client_id,
        body=dict(row.body),
        reply_to=row.reply_to,
        attempts=row.attempts or 0,
        created_at=row.created_at,
        identity=row.identity,
        channel=row.channel,
        answered_at=row.answered_at,
        delivery=row.delivery,
        delivered_at=row.delivered_at,
        read_at=row.read_at,
        audience=tuple(sorted(audience)),
    )
