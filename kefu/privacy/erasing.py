"""How a customer is forgotten: no turn runs, every table and file is cleared, the bytes are gone.

A wish is stored first (``service.ask``) and fulfilled by a Rasa server: it was said within a turn, whose
answer still has to be stored and shown, and Rasa's tracker is in that server's memory.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from kefu.config import settings
from kefu.conversations.ledger import Ledger
from kefu.conversations.models import Conversation, Message
from kefu.customers import service as customers
from kefu.customers.models import Customer, Identity
from kefu.db import connect, engine, session_scope, utcnow
from kefu.events import record
from kefu.handoff import service as handoffs
from kefu.handoff.models import OPEN, Handoff
from kefu.privacy import holdings
from kefu.privacy.holdings import Person
from kefu.privacy.models import Erasure
from kefu.tickets.models import Ticket
from kefu.tickets.steps import OWNER, take
from kefu.webhooks import deliveries

#: The answer to the wish is left that long before the customer's eyes.
SHOWN = timedelta(seconds=3)
#: What is still to be answered or sent is not waited for any longer.
LONGEST_WAIT = timedelta(minutes=2)
_LEASE_SECONDS = 60


def due(session: Session) -> list[tuple[int, list[str]]]:
    """Wishes that can be fulfilled now: their ids, and the conversations of each customer."""
    query = select(Erasure).where(Erasure.done_at.is_(None), Erasure.asked_at <= utcnow() - SHOWN)
    found = session.scalars(query.order_by(Erasure.id)).all()
    theirs = ((wish, customers.circle(session, wish.identity)) for wish in found)
    return [(wish.id, circle) for wish, circle in theirs if not _waits(session, wish, circle)]


def carry_out(wish_id: int) -> Person | None:
    """Fulfils a wish, once; gives who was forgotten, or nothing while a turn of theirs runs.

    What fails half way is done again from its beginning. Conversations are locked before anything is read, so
    that a message which comes meanwhile is stored after it, as a new customer's.
    """
    with session_scope() as session:
        wish = session.get(Erasure, wish_id)
        if wish is None or wish.done_at is not None:
            return None
        circle = customers.circle(session, wish.identity)
    with _held(circle) as held:
        if not held:
            return None
        with session_scope() as session:
            _lock(session, circle)
            wish = session.get(Erasure, wish_id)
            if wish.done_at is not None or set(customers.circle(session, wish.identity)) != set(circle):
                return None  # done elsewhere, or linked with somebody at this moment
            person = _person(session, circle)
            _end_matters(session, person)
            wish.done_at = utcnow()
            session.flush()
            _erase_trackers(session, person)
            _clear_files(settings().var_dir, person)
            holdings.erase(session.connection(), holdings.TABLES, person)
            record(session, "privacy.forgotten", person.alias, by=wish.asked_by.partition(":")[0])
            # Other systems may know the customer, too. Gone when it has been delivered for a week.
            deliveries.announce(session, "customer.forgotten", {"customers": list(person.identities)})
    return person


def clean() -> bool:
    """Takes what was deleted out of SQLite's files, too; tells whether that is done for all.

    PostgreSQL takes deleted rows out by itself (autovacuum).
    """
    with session_scope() as session:
        fresh = (Erasure.done_at.is_not(None), Erasure.cleaned_at.is_(None))
        done = session.scalars(select(Erasure.id).where(*fresh)).all()
    if not done:
        return True
    try:
        _vacuum(engine())
        if settings().tracker_url != settings().database_url:
            with _tracker_engine() as tracker:
                _vacuum(tracker)
    except OperationalError:  # somebody reads or writes: next time
        return False
    with session_scope() as session:
        for wish_id in done:
            session.get(Erasure, wish_id).cleaned_at = utcnow()
    return True


def _waits(session: Session, wish: Erasure, circle: list[str]) -> bool:
    """Whether something is still to be answered or sent to the customer, and was not for long."""
    if wish.asked_at < utcnow() - LONGEST_WAIT:
        return False
    unanswered = (Message.direction == "in") & Message.answered_at.is_(None)
    unsent = Message.delivery.in_(("due", "taken", "sending"))
    query = select(Message.seq).where(Message.conversation_id.in_(circle), unanswered | unsent)
    return session.execute(query.limit(1)).first() is not None


@contextmanager
def _held(circle: list[str]) -> Iterator[bool]:
    """Lets no turn of these conversations run within the block; ``False`` where one runs."""
    ledger, owner = Ledger(), str(uuid.uuid4())
    with session_scope() as session:
        there = session.scalars(select(Conversation.id).where(Conversation.id.in_(circle))).all()
    mine = [one for one in sorted(there) if ledger.claim(one, owner, _LEASE_SECONDS)]
    try:
        yield len(mine) == len(there)
    finally:
        for one in mine:  # what was not deleted
            ledger.release(one, owner)


def _lock(session: Session, circle: list[str]) -> None:
    """Holds up who stores a message, links or unlinks these identities, until the transaction ends."""
    changed = update(Conversation).where(Conversation.id.in_(circle)).values(changes=Conversation.changes + 1)
    session.execute(changed.execution_options(synchronize_session=False))
    customers.lock(session, circle[0])


def _person(session: Session, circle: list[str]) -> Person:
    tickets = session.execute(select(Ticket.id, Ticket.number).where(Ticket.customer.in_(circle))).all()
    of_circle = Customer.id.in_(select(Identity.customer_id).where(Identity.id.in_(circle)))
    # Those who were linked with others left a customer behind, of whom only the conversation tells.
    rows = session.execute(
        select(Customer.id, Customer.phone).where(of_circle | Customer.conversation.in_(circle))
    ).all()
    phones = {row.phone for row in rows}
    phones |= set(session.scalars(select(Identity.phone).where(Identity.id.in_(circle))))
    return Person(
        identities=tuple(circle),
        customers=tuple(row.id for row in rows),
        phones=tuple(sorted(filter(None, phones))),
        tickets=tuple(ticket.id for ticket in tickets),
        numbers=tuple(ticket.number for ticket in tickets),
        alias=f"forgotten-{uuid.uuid4().hex}",
    )


def _end_matters(session: Session, person: Person) -> None:
    """Ends what is open, so that nobody goes on with it; the customer is told of none of it."""
    theirs = select(Handoff).where(Handoff.conversation.in_(person.identities))
    for handoff in session.scalars(theirs).all():
        if handoff.state in OPEN:
            (handoffs.end if handoff.state == "human" else handoffs.call_off)(
                session, handoff.id, "forgotten"
            )
        handoff.told = handoff.state
    for ticket in session.scalars(select(Ticket).where(Ticket.id.in_(person.tickets))).all():
        if ticket.is_open:
            take(session, ticket, "cancelled", OWNER)
        elif ticket.status == "resolved":  # nobody is left to ask
            take(session, ticket, "closed", OWNER)
        ticket.told = ticket.status
    session.flush()


def _erase_trackers(session: Session, person: Person) -> None:
    if settings().tracker_url == settings().database_url:
        holdings.erase(session.connection(), holdings.TRACKER_TABLES, person)
        return
    with _tracker_engine() as tracker, tracker.begin() as connection:
        holdings.erase(connection, holdings.TRACKER_TABLES, person)


@contextmanager
def _tracker_engine() -> Iterator[Engine]:
    tracker = connect(settings().tracker_url)
    try:
        yield tracker
    finally:
        tracker.dispose()


def _clear_files(folder: Path, person: Person) -> None:
    """Takes the person out of the files that may hold something of them."""
    for path in sorted(folder.rglob("*")):
        top = path.relative_to(folder).parts[0]
        kind = next((kind for name, kind in holdings.FILES.items() if Path(top).match(name)), "none")
        if kind == "log" and path.is_file():
            _overwrite(path, person)
        elif kind == "named" and path.is_file() and any(one in str(path) for one in person.identities):
            path.unlink(missing_ok=True)


def _overwrite(path: Path, person: Person) -> None:
    """Writes over what names the person, in place and as long: a server goes on writing at the end."""
    with path.open("r+b") as file:
        written = file.read()
        for name in person.names:
            said = name.encode()
            start = written.find(said)
            while start >= 0:
                file.seek(start)
                file.write(b"x" * len(said))
                start = written.find(said, start + len(said))


def _vacuum(database: Engine) -> None:
    if database.dialect.name != "sqlite":
        return
    with database.connect() as connection:
        raw = connection.connection
        raw.isolation_level, before = None, raw.isolation_level
        try:
            raw.execute("VACUUM")
        finally:
            raw.isolation_level = before
    _checkpoint(database)


def _checkpoint(database: Engine) -> None:
    """Empties SQLite's write-ahead log, in which pages stand as they were.

    Raises:
        OperationalError: Somebody still reads from it.
    """
    if database.dialect.name != "sqlite":
        return
    with database.connect() as connection:
        busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").first()[0]
    if busy:
        raise OperationalError("wal_checkpoint", None, Exception("busy"))
