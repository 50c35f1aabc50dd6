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

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.engine import Row
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kefu.conversations import statements
from kefu.conversations.models import Conversation, Message
from kefu.customers import service as customers
from kefu.customers.service import Sender
from kefu.db import batches, session_scope, utcnow

NO_SYNC = {"synchronize_session": False}
_STORED = (
    "seq",
    "direction",
    "client_id",
    "identity",
    "channel",
    "body",
    "reply_to",
    "attempts",
    "created_at",
)
_STORED += ("delivery",)


@dataclass(frozen=True)
class Entry:
    """A message as read from the ledger; times are UTC.

    Attributes:
        audience: Every identity of the customer; given when the message is stored.
        begun: Whether storing it has also taken the conversation's lease and counted its first attempt, as
            nothing else waited there.
        came_from: The channel left, where the customer has changed channels with this message.
        restart: Whether the dialogue must be begun afresh before it (``Ledger.restarted``).
        by_person: Whether a colleague talks with the customer, who answers it.
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
    begun: bool = False
    came_from: str | None = None
    restart: bool = False
    by_person: bool = False


#: Stores what a channel keeps with a message, in its transaction; told whether the message is new.
Along = Callable[[Session, bool], None]


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
        #: Whether a colleague talks with the customer, and answers a message; asked as its turn begins.
        self.has_person: Callable[[Session, Entry], bool] = lambda _session, _entry: False

    @property
    def scope(self) -> Callable[[], AbstractContextManager[Session]]:
        """Opens a session on the ledger's database that commits at its end."""
        return self._scope

    def conversation_of(self, identity: str) -> str:
        """The conversation in which ``identity`` speaks now."""
        with self._scope() as session:
            return customers.conversation_of(session, identity)

    def choices_of(self, identity: str) -> tuple[str | None, str | None]:
        """The language and the style that the customer chose for all channels."""
        with self._scope() as session:
            return customers.choices_of(session, identity)

    def conversations_of(self, identity: str) -> list[str]:
        """The customer's conversations: the present one, then the others with messages, newest first."""
        with self._scope() as session:
            present = customers.conversation_of(session, identity)
            others = set(customers.circle(session, present)) - {present}
            query = select(Conversation.id).where(Conversation.id.in_(others))
            newest_first = query.order_by(Conversation.created_at.desc(), Conversation.id)
            return [present, *session.execute(newest_first).scalars()]

    def accept(
        self,
        sender: Sender,
        client_id: str,
        body: dict,
        owner: str = "",
        seconds: float = 0,
        along: Along | None = None,
    ) -> tuple[Entry, bool]:
        """Stores a customer's message; returns it, and whether it was new (not sent before).

        Args:
            sender: Who sent it.
            client_id: The channel's id of it.
            body: What was said.
            owner: Who could answer it now, and takes the lease with it if it is free (``Entry.begun``).
            seconds: For how long.
            along: What else is stored with it, before anyone can answer it; also with a repeated message.
        """
        for _ in range(3):
            try:
                return self._accept(sender, client_id, body, owner, seconds, along), True
            except IntegrityError:  # stored before, or another process keeps the same customer just now
                query = select(Message).where(Message.identity == sender.id, Message.client_id == client_id)
                with self._scope() as session:
                    known = session.execute(query).scalar()
                    if known is not None:
                        if along:
                            along(session, False)
                        return entry_of(known), False
        return self._accept(sender, client_id, body, owner, seconds, along), True

    def push(
        self,
        customer: str,
        body: dict,
        once: Callable[[Session], bool],
        to: tuple[str, str] | None = None,
        along: Callable[[Session, Entry], None] | None = None,
    ) -> Entry | None:
        """Stores a bubble that answers nothing, where the customer speaks now, if ``once`` says so.

        Any process may do so; it is due until the server that the customer is reached by has shown it.

        Args:
            customer: One of the customer's conversations.
            body: What is said.
            once: Notes, in the same transaction, that it is said; ``False`` if that was done before.
            to: Identity and channel by which it goes, if they are still the customer's; where they spoke last
                without it.
            along: What else is stored with it.
        """
        with self._scope() as session:
            conversation = customers.conversation_of(session, customer)
            _touch(session, conversation)  # before what `once` locks: `accept` comes in this order, too
            if not once(session):
                return None
            entry = self._push(session, conversation, body, due=True, to=to)
            if along:
                along(session, entry)
            return entry

    def take_due(self, limit: int = 100) -> list[Entry]:
        """Takes pushed bubbles that this process shows, oldest first; each is given to one process only.

        Those of channels in ``pushed`` are left to the channels, which send them by their platforms' rules.
        """
        due = (Message.delivery == "due", Message.channel.not_in(self.pushed))
        with self._scope() as session:
            query = select(Message).where(*due).order_by(Message.created_at, Message.seq).limit(limit)
            taken = []
            for row in session.execute(query).scalars().all():
                here = (Message.conversation_id == row.conversation_id, Message.seq == row.seq)
                mine = update(Message).where(*here, *due).values(delivery="sent")
                if session.execute(mine.execution_options(**NO_SYNC)).rowcount:
                    audience = customers.circle(session, row.conversation_id)
                    taken.append(entry_of(row, {row.identity, *audience}))
            return taken

    def record(self, conversation: str, body: dict, owner: str | None = None) -> Entry:
        """Stores one bubble that answers nothing, addressed to where the customer spoke last.

        Outside of a turn it is said in the conversation in which the customer speaks now.

        Raises:
            LeaseLost: ``owner``, whose turn it is, no longer holds the conversation's lease.
        """
        for _ in range(2):
            try:
                return self._record(conversation, body, owner)
            except IntegrityError:  # another process began the same conversation
                continue
        return self._record(conversation, body, owner)

    def after(self, conversation: str, seq: int, limit: int) -> list[Entry]:
        """The first ``limit`` messages after ``seq``, oldest first."""
        with self._scope() as session:
            return _after(session, conversation, seq, limit)

    def news_of(self, identity: str, seq: int, limit: int) -> tuple[str, list[Entry]]:
        """The conversation in which ``identity`` speaks now, and its first messages after ``seq``."""
        with self._scope() as session:
            conversation = customers.conversation_of(session, identity)
            return conversation, _after(session, conversation, seq, limit)

    def before(self, conversation: str, seq: int | None, limit: int) -> list[Entry]:
        """The last ``limit`` messages before ``seq`` (``None``: of all), oldest first."""
        query = _of(conversation).order_by(Message.seq.desc()).limit(limit)
        if seq is not None:
            query = query.where(Message.seq < seq)
        with self._scope() as session:
            return [entry_of(row) for row in session.execute(query).scalars()][::-1]

    def newer(self, after: Mapping[str, int]) -> list[Entry]:
        """The messages of several conversations after the number given for each, oldest first."""
        wanted = [and_(Message.conversation_id == id_, Message.seq > seq) for id_, seq in after.items()]
        found: list[Entry] = []
        with self._scope() as session:
            for some in batches(wanted, 100):
                query = select(Message).where(or_(*some)).order_by(Message.conversation_id, Message.seq)
                found += [entry_of(row) for row in session.execute(query).scalars()]
        return found

    def button(self, conversation: str, seq: int, index: int) -> dict | None:
        """The button ``index`` under message ``seq`` of this very conversation, if there is one."""
        with self._scope() as session:
            row = session.get(Message, (conversation, seq))
            buttons = row.body.get("buttons") or [] if row is not None and row.direction == "out" else []
            return buttons[index] if index < len(buttons) else None

    def claim(self, conversation: str, owner: str, seconds: float) -> bool:
        """Takes, or goes on with, the right to answer the conversation; ``False`` if another holds it."""
        now = utcnow()
        lease = {"owner": owner, "now": now, "until": now + timedelta(seconds=seconds)}
        with self._scope() as session:
            return session.execute(statements.CLAIM, {"conversation": conversation, **lease}).rowcount == 1

    def renew(self, conversation: str, owner: str, seconds: float) -> None:
        """Keeps the right to answer the conversation for so long from now, if the owner still holds it."""
        until = utcnow() + timedelta(seconds=seconds)
        with self._scope() as session:
            session.execute(statements.RENEW, {"conversation": conversation, "owner": owner, "until": until})

    def release(self, conversation: str, owner: str) -> None:
        """Gives the conversation back."""
        with self._scope() as session:
            session.execute(statements.RELEASE, {"conversation": conversation, "owner": owner})

    def next_unanswered(self, conversation: str) -> Entry | None:
        """The oldest message that still needs an answer, its attempt counted; ``None`` if there is none."""
        oldest = _of(conversation).where(Message.direction == "in", Message.answered_at.is_(None))
        with self._scope() as session:
            _touch(session, conversation)
            row = session.execute(oldest.order_by(Message.seq).limit(1)).scalar()
            if row is None:
                return None
            row.attempts += 1
            entry = replace(
                entry_of(row),
                came_from=_came_from(session, row),
                restart=_state(session, conversation).restart,
            )
            return replace(entry, by_person=self.has_person(session, entry))

    def restarted(self, conversation: str) -> None:
        """Notes that the dialogue was begun afresh."""
        with self._scope() as session:
            session.execute(statements.RESTARTED, {"conversation": conversation})

    def finish(
        self,
        conversation: str,
        seq: int,
        said: Sequence[dict] = (),
        open_form: str | None = None,
        owner: str | None = None,
        along: Callable[[Session], None] | None = None,
    ) -> tuple[list[Entry], bool]:
        """Stores the whole answer to the customer's message ``seq``, which is answered by that.

        In one transaction: nobody ever sees half an answer, and whoever takes over from a process that dies
        either finds it whole or answers. If the message has undone its sender's link, what is theirs leaves
        this conversation.

        Args:
            conversation: Where it is said.
            seq: The message's number.
            said: The answer's bubbles.
            open_form: The form that it leaves open.
            owner: Who must hold the lease, and gives it back if nothing else waits for an answer.
            along: What else happens in the transaction, once the answer is stored.

        Returns:
            The bubbles as stored, and whether the lease was given back.

        Raises:
            LeaseLost: ``owner`` no longer holds the lease, or the message was answered meanwhile.
        """
        here = {"conversation": conversation}
        with self._scope() as session:
            run = session.connection().execute
            draw = statements.DRAW_ALL if owner is None else statements.DRAW_ALL_AS_HOLDER
            if run(draw, {**here, "count": len(said), "owner": owner}).rowcount == 0:
                raise LeaseLost(conversation)
            now, turn = utcnow(), run(statements.TURN, {**here, "number": seq}).one()
            if turn.answered_at is not None:
                raise LeaseLost(conversation)  # by who had the lease before
            run(statements.ANSWERED, {**here, "number": seq, "now": now})
            came = (turn.identity, turn.created_at)
            circle, parted = customers.end_turn(session, conversation, *came, open_form)
            bubbles = self._bubbles(conversation, turn, said, circle, now)
            if bubbles:
                _insert(session, *bubbles)
            waits = turn.waits - 1
            if parted:
                part(session, conversation)
                if bubbles and turn.identity not in circle:  # what was said went along with who has left
                    bubbles = _last(session, turn.identity, len(bubbles))
                waits = run(statements.WAITS, here).scalar()
            if along:
                along(session)
            if owner is None or waits:
                return bubbles, False
            return bubbles, run(statements.RELEASE, {**here, "owner": owner}).rowcount == 1

    def waiting(self) -> list[str]:
        """Conversations with a message that still needs an answer."""
        query = (
            select(Message.conversation_id)
            .where(Message.direction == "in", Message.answered_at.is_(None))
            .distinct()
        )
        with self._scope() as session:
            return list(session.execute(query).scalars())

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

    def _accept(
        self, sender: Sender, client_id: str, body: dict, owner: str, seconds: float, along: Along | None
    ) -> Entry:
        with self._scope() as session:
            conversation, audience = customers.meet(session, sender)
            now = utcnow()
            taken = _draw(session, conversation, taker=owner, now=now, seconds=seconds)
            state = _state(session, conversation)
            begun = taken and not state.waits
            entry = Entry(
                conversation=conversation,
                seq=state.last_seq,
                direction="in",
                client_id=client_id,
                body=body,
                reply_to=None,
                attempts=int(begun),
                created_at=now,
                identity=sender.id,
                channel=sender.channel,
                audience=tuple(sorted(audience)),
                begun=begun,
                came_from=state.channel if begun and state.identity not in (None, sender.id) else None,
                restart=begun and state.restart,
            )
            if begun and self.has_person(session, entry):
                entry = replace(entry, by_person=True)
            _insert(session, entry)
            if along:
                along(session, True)
            return entry

    def _bubbles(
        self, conversation: str, turn: Row, said: Sequence[dict], circle: list[str], now: datetime
    ) -> list[Entry]:
        """The bubbles that answer the message of ``turn``, addressed to where it came from."""
        return [
            Entry(
                conversation=conversation,
                seq=seq,
                direction="out",
                client_id=None,
                body=body,
                reply_to=turn.asked,
                attempts=0,
                created_at=now,
                identity=turn.identity,
                channel=turn.channel,
                delivery="due" if turn.channel in self.pushed else None,
                audience=tuple(sorted({turn.identity, *circle})),
            )
            for seq, body in enumerate(said, turn.last_seq - len(said) + 1)
        ]

    def _record(self, conversation: str, body: dict, owner: str | None) -> Entry:
        with self._scope() as session:
            if owner is None:
                conversation = customers.conversation_of(session, conversation)
            return self._push(session, conversation, body, owner)

    def _push(
        self,
        session: Session,
        conversation: str,
        body: dict,
        owner: str | None = None,
        due: bool = False,
        to: tuple[str, str] | None = None,
    ) -> Entry:
        _draw(session, conversation, holder=owner)
        state = _state(session, conversation)
        identity, channel = conversation, conversation.partition("-")[0]
        circle = customers.circle(session, conversation)
        # Never to who has just left the customer.
        if to and to[0] in circle:
            identity, channel = to
        elif state.asked is not None and state.identity in circle:
            identity, channel = state.identity, state.channel
        entry = Entry(
            conversation=conversation,
            seq=state.last_seq,
            direction="out",
            client_id=None,
            body=body,
            reply_to=None,
            attempts=0,
            created_at=utcnow(),
            identity=identity,
            channel=channel,
            delivery="due" if due or channel in self.pushed else None,
            audience=tuple(sorted({identity, *circle})),
        )
        _insert(session, entry)
        return entry


def part(session: Session, conversation: str) -> None:
    """Gives the messages of a conversation back to whom they belong, after a link was undone.

    Messages of, and to, identities of another customer go to that identity's own conversation. Where they
    stood remains a number without content, so that the others keep theirs without gaps.
    """
    theirs = set(customers.circle(session, conversation))
    query = _of(conversation).where(Message.identity.not_in(theirs)).order_by(Message.seq)
    moved: dict[int, int] = {}
    for row in session.execute(query).scalars().all():
        client_id, row.client_id = row.client_id, None
        session.flush()  # two messages of one id are never there together
        session.add(
            Message(
                conversation_id=row.identity,
                seq=_next(session, row.identity),
                direction=row.direction,
                client_id=client_id,
                identity=row.identity,
                channel=row.channel,
                body=row.body,
                reply_to=moved.get(row.reply_to),
                attempts=row.attempts,
                created_at=row.created_at,
                # What still waits is answered there.
                answered_at=row.answered_at,
                delivery=row.delivery,
                # Whoever is sending it at this moment settles it in vain: it is given up on, with an alarm.
                delivery_at=row.delivery_at,
                delivery_tries=row.delivery_tries,
                delivered_at=row.delivered_at,
                read_at=row.read_at,
            )
        )
        moved[row.seq] = session.execute(
            select(Conversation.last_seq).where(Conversation.id == row.identity)
        ).scalar_one()
        # Nobody's any more: a push, or the reminder of another channel, must not take it for a last word.
        row.body, row.answered_at, row.delivery = {"event": True}, row.answered_at or utcnow(), None
        row.direction, row.identity, row.reply_to = "out", conversation, None
    session.execute(
        update(Conversation)
        .where(Conversation.id == conversation)
        .values(restart=True, changes=Conversation.changes + 1)
        .execution_options(**NO_SYNC)
    )


def _of(conversation: str):
    return select(Message).where(Message.conversation_id == conversation)


def _after(session: Session, conversation: str, seq: int, limit: int) -> list[Entry]:
    after = {"conversation": conversation, "number": seq, "most": limit}
    return [entry_of(row) for row in session.execute(statements.AFTER, after).scalars()]


def _last(session: Session, conversation: str, count: int) -> list[Entry]:
    query = _of(conversation).order_by(Message.seq.desc()).limit(count)
    rows = session.execute(query).scalars().all()
    return [entry_of(row, {row.identity}) for row in reversed(rows)]


def _next(session: Session, conversation: str) -> int:
    _draw(session, conversation)
    return _state(session, conversation).last_seq


def _touch(session: Session, conversation: str) -> None:
    """Takes the conversation's row lock, and says that something happens in it."""
    session.execute(statements.TOUCH, {"conversation": conversation})


def _draw(
    session: Session,
    conversation: str,
    holder: str | None = None,
    taker: str = "",
    now: datetime | None = None,
    seconds: float = 0,
) -> bool:
    """Draws the next number, which locks the conversation until the transaction ends.

    Args:
        session: The transaction.
        conversation: Which is begun if there is none.
        holder: Who must hold the lease; ``LeaseLost`` otherwise.
        taker: Who takes the lease with it, if it is free.
        now: The time.
        seconds: For how long.

    Returns:
        Whether ``taker`` has taken the lease.
    """
    here = {"conversation": conversation}
    run = session.connection().execute
    if holder:
        if run(statements.DRAW_AS_HOLDER, {**here, "owner": holder}).rowcount == 0:
            raise LeaseLost(conversation)
        return False
    lease = {"owner": taker, "until": now + timedelta(seconds=seconds)} if taker else {}
    if taker and run(statements.DRAW_AND_TAKE, {**here, **lease, "now": now}).rowcount:
        return True
    if run(statements.DRAW, here).rowcount == 0:
        begun = {"id": conversation, "last_seq": 1, "changes": 1, "created_at": utcnow(), "restart": False}
        lease = {"lease_owner": taker or None, "lease_until": lease.get("until")}
        run(statements.BEGIN, {**begun, **lease})
        return bool(taker)
    return False


def _state(session: Session, conversation: str) -> Row:
    """The number drawn, with what is known of the customer's last message."""
    return session.connection().execute(statements.STATE, {"conversation": conversation}).one()


def _insert(session: Session, *entries: Entry) -> None:
    """Stores messages; not as objects of the session, which costs several times as much."""
    rows = [
        {"conversation_id": entry.conversation, **{name: getattr(entry, name) for name in _STORED}}
        for entry in entries
    ]
    session.connection().execute(statements.STORE, rows)


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
