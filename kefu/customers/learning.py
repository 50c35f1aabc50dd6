"""How profiles grow: at once from what a message tells, and from the event log, each event once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.orm import Session
from sqlalchemy.types import DateTime

from kefu.customers.models import CustomerFact, Evidence, ProfileCursor
from kefu.customers.speech import speech
from kefu.db import company_time, session_scope, utcnow
from kefu.events import Event

#: How much it says: told in so many words; a ticket about it; a fault of it; a city or product merely named.
TOLD, TICKET, FAULT, NAMED = 1.0, 0.8, 0.6, 0.3
#: On PostgreSQL a row may be seen after one with a higher number: what is younger is left for the next time.
_SETTLED = timedelta(minutes=2)
_BATCH = 500
_INSERT_NEW = text(
    "INSERT INTO customer_facts (identity, name, value, weight, since, at, source)"
    " VALUES (:identity, :name, :value, 0, :at, :at, :source) ON CONFLICT DO NOTHING"
).bindparams(bindparam("at", type_=DateTime))


def note(session: Session, found: Iterable[Evidence]) -> None:
    """Adds evidence to what is known, within the caller's transaction.

    Facts are locked in one order, so that two who learn of the same people wait for each other.
    """
    half_lives = speech().half_life_days
    key = lambda one: (one.identity, one.name, one.value)  # noqa: E731
    for (identity, name, value), group in groupby(sorted(found), key):
        evidence = list(group)
        session.execute(
            _INSERT_NEW,
            {"identity": identity, "name": name, "value": value, "at": evidence[0].at,
             "source": evidence[0].source},
        )  # fmt: skip
        fact = locked(session, identity, name, value)
        for one in evidence:
            fact.take(one, half_lives[name])


def locked(session: Session, identity: str, name: str, value: str) -> CustomerFact | None:
    """The fact as it is now, locked until the transaction ends."""
    query = select(CustomerFact).where(
        CustomerFact.identity == identity, CustomerFact.name == name, CustomerFact.value == value
    )
    fresh = query.with_for_update().execution_options(populate_existing=True)
    return session.execute(fresh).scalar_one_or_none()


def learn() -> int:
    """Reads the events that came since the last time into the profiles; several processes may do so at once.

    Returns:
        How many events were read.
    """
    read = 0
    while True:
        with session_scope() as session:
            some = _learn_some(session)
        read += some
        if some < _BATCH:
            return read


def _learn_some(session: Session) -> int:
    same = update(ProfileCursor).values(event_id=ProfileCursor.event_id)
    session.execute(same.execution_options(synchronize_session=False))  # locks it on either database
    cursor = session.execute(select(ProfileCursor)).scalar_one()
    new = select(Event).where(Event.id > cursor.event_id).order_by(Event.id).limit(_BATCH)
    settled = utcnow() - _SETTLED
    events = []
    for event in session.scalars(new):
        if event.at > settled:
            break
        events.append(event)
    if events:
        note(session, [one for event in events for one in evidence_of(event)])
        cursor.event_id = events[-1].id
    return len(events)


def evidence_of(event: Event) -> Iterator[Evidence]:
    """What an event says about its customer."""
    if event.kind == "turn.categorised" and event.customer:
        for name, value in _of_turn(event):
            yield Evidence(event.customer, name, value[:200], event.at, 1.0, f"event:{event.id}")


def _of_turn(event: Event) -> Iterator[tuple[str, str]]:
    data = event.data
    values = {
        "channel": data.get("channel"),
        "language": data.get("language"),
        "hour": _hour(event.at),
        "topic": data.get("path"),
        "mood": data.get("mood"),
        "mood_before": data.get("mood"),
    }
    return ((name, value) for name, value in values.items() if value)


def _hour(at: datetime) -> str:
    return f"{company_time(at).hour:02d}"
