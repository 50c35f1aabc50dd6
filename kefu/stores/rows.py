"""Events as rows: what is read and written of a conversation, each by one indexed statement."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import Event, SessionStarted
from sqlalchemy.engine import Connection, Engine

from kefu.stores.window import slim

EVENTS = SQLTrackerStore.SQLEvent.__table__
#: The state before a conversation's window; made again from the events if it is lost.
SNAPSHOTS = sa.Table(
    "tracker_snapshots",
    EVENTS.metadata,
    sa.Column("sender_id", sa.String(255), primary_key=True),
    # The first event after the snapshot: if that row is gone, so is what the snapshot is of.
    sa.Column("event_id", sa.Integer, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
)
_BY_CONVERSATION = sa.Index("ix_events_sender_id_id", EVENTS.c.sender_id, EVENTS.c.id)

Row = tuple[int, Event]


def prepare(engine: Engine) -> None:
    """Creates the tables, and the index that Rasa's own lacks; several processes may do it at once."""
    parts = [part for table in EVENTS.metadata.sorted_tables for part in (table, *table.indexes)]
    if engine.dialect.name == "sqlite":
        parts.remove(_BY_CONVERSATION)  # Its index on sender_id holds the ids too.
    for part in parts:
        create = sa.schema.CreateTable if isinstance(part, sa.Table) else sa.schema.CreateIndex
        try:
            with engine.begin() as connection:
                connection.execute(create(part, if_not_exists=True))
        except (sa.exc.ProgrammingError, sa.exc.IntegrityError):
            # PostgreSQL may see that it exists only when another has just made it.
            with engine.begin() as connection:
                connection.execute(create(part, if_not_exists=True))


def since(connection: Connection, sender: str, first: int) -> list[Row]:
    """The conversation's events from row ``first`` on."""
    query = sa.select(EVENTS.c.id, EVENTS.c.data).where(EVENTS.c.sender_id == sender, EVENTS.c.id >= first)
    rows = ((row, _event(data)) for row, data in connection.execute(query.order_by(EVENTS.c.id)))
    return [(row, event) for row, event in rows if event is not None]


def ids_after(connection: Connection, sender: str, last: int) -> list[int]:
    """The rows of the conversation after ``last``."""
    query = sa.select(EVENTS.c.id).where(EVENTS.c.sender_id == sender, EVENTS.c.id > last)
    return list(connection.execute(query.order_by(EVENTS.c.id)).scalars())


def session_start(connection: Connection, sender: str) -> int:
    """The row in which the conversation's last session began; 0 without any."""
    started = sa.select(sa.func.max(EVENTS.c.id)).where(
        EVENTS.c.sender_id == sender, EVENTS.c.type_name == SessionStarted.type_name
    )
    return connection.execute(started).scalar() or 0


def count_since(connection: Connection, sender: str, first: int) -> int:
    """How many events the conversation has from row ``first`` on."""
    query = sa.select(sa.func.count()).where(EVENTS.c.sender_id == sender, EVENTS.c.id >= first)
    return connection.execute(query).scalar_one()


def conversations(connection: Connection) -> list[str]:
    """The ids of all conversations."""
    return list(connection.execute(sa.select(EVENTS.c.sender_id).distinct()).scalars())


def exists(connection: Connection, sender: str) -> bool:
    """Whether anything of the conversation is stored."""
    query = sa.select(EVENTS.c.id).where(EVENTS.c.sender_id == sender).limit(1)
    return connection.execute(query).first() is not None


def append(connection: Connection, sender: str, events: Iterable[Event]) -> None:
    """Stores events of a conversation, in order."""
    rows = [_values(sender, slim(event).as_dict(), event.type_name) for event in events]
    if rows:
        connection.execute(sa.insert(EVENTS), rows)


def snapshot(connection: Connection, sender: str) -> tuple[int, float, list[Event]] | None:
    """The first row after the conversation's snapshot, that event's time, and the events before it."""
    query = sa.select(SNAPSHOTS.c.event_id, SNAPSHOTS.c.data).where(SNAPSHOTS.c.sender_id == sender)
    found = connection.execute(query).first()
    if found is None:
        return None
    kept = json.loads(found.data)
    events = [Event.from_parameters(values) for values in kept["events"]]
    return found.event_id, kept["until"], [event for event in events if event is not None]


def keep_snapshot(
    connection: Connection, sender: str, first: int, until: float, before: Sequence[Event]
) -> None:
    """Replaces the conversation's snapshot by the state ``before`` row ``first``, of time ``until``."""
    data = json.dumps({"until": until, "events": [event.as_dict() for event in before]})
    values = {"event_id": first, "data": data}
    update = sa.update(SNAPSHOTS).where(SNAPSHOTS.c.sender_id == sender).values(values)
    if not connection.execute(update).rowcount:
        connection.execute(sa.insert(SNAPSHOTS).values(sender_id=sender, **values))


def delete(connection: Connection, sender: str) -> None:
    """Deletes the conversation, with its snapshot: that holds texts too."""
    for table in (EVENTS, SNAPSHOTS):
        connection.execute(sa.delete(table).where(table.c.sender_id == sender))


def _values(sender: str, data: dict[str, Any], type_name: str) -> dict[str, Any]:
    """A row as Rasa's own store writes it."""
    return {
        "sender_id": sender,
        "type_name": type_name,
        "timestamp": data.get("timestamp"),
        "intent_name": data.get("parse_data", {}).get("intent", {}).get("name"),
        "action_name": data.get("name"),
        "data": json.dumps(data),
    }


def _event(data: str) -> Event | None:
    return Event.from_parameters(json.loads(data))
