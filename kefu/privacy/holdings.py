"""What every table and file holds of a person, and what becomes of it when they are forgotten.

The one place to say so. A new table gets a line in ``TABLES``, above the tables that its foreign keys lead
to; ``tests/unit/test_privacy_holdings.py`` fails until it has one. Tables are named, not imported: some are
of floors above this one, and those of the tracker store are Rasa's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from kefu.customers.proofs import hidden_phone


@dataclass(frozen=True)
class Person:
    """By what tables and files know a person.

    Attributes:
        identities: Their identities, which are also the ids of their conversations.
        customers: Their ids as customers.
        phones: Numbers that they proved.
        tickets, numbers: Their tickets' ids, and the numbers that people know those by.
        alias: What stands for them in figures from now on: random, and led back to nobody.
    """

    identities: tuple[str, ...]
    customers: tuple[str, ...]
    phones: tuple[str, ...]
    tickets: tuple[int, ...]
    numbers: tuple[str, ...]
    alias: str

    @property
    def names(self) -> tuple[str, ...]:
        """What leads to them wherever it stands."""
        return (*self.identities, *self.customers, *self.phones)

    @property
    def cases(self) -> tuple[str, ...]:
        """The same, and the numbers of their tickets, beside which words of theirs may stand."""
        return (*self.names, *self.numbers)


#: Makes what stands in a column instead, of the person and of what stood there.
Make = Callable[[Person, Any], Any]


@dataclass(frozen=True)
class Keep:
    """Holds nothing of a person; ``because`` says what it holds."""

    because: str


@dataclass(frozen=True)
class Delete:
    """Rows that are a person's go.

    Attributes:
        by: Columns, with the attribute of ``Person`` that has the values they are known by.
        within: Columns of text, with the attribute of ``Person`` whose values may stand among others.
    """

    by: Mapping[str, str] = field(default_factory=dict)
    within: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Blank(Delete):
    """Rows stay for the figures (who, when, how many), without what leads to a person.

    Attributes:
        values: Of each column what stands there afterwards, or who makes it.
    """

    values: Mapping[str, Any | Make] = field(default_factory=dict)


def _alias(person: Person, _: Any) -> str:
    return person.alias


def _without(person: Person, value: Any) -> Any:
    """A value of JSON or text without any part that leads to the person."""
    if isinstance(value, Mapping):
        return {key: _without(person, part) for key, part in value.items() if not _leads(person, part)}
    if isinstance(value, list):
        return [_without(person, part) for part in value if not _leads(person, part)]
    return "" if _leads(person, value) else value


def _leads(person: Person, value: Any) -> bool:
    return isinstance(value, str) and any(name in value for name in person.names)


def _hidden(_: Person, phone: str) -> str:
    return hidden_phone(phone)


_GONE = json.dumps({"error": {"code": "forgotten", "field": None, "message": "The customer is forgotten."}})

#: Kefu's own tables.
TABLES: dict[str, Keep | Delete] = {
    # ---- conversations
    "messages": Delete(by={"conversation_id": "identities", "identity": "identities"}),
    "conversations": Delete(by={"id": "identities"}),
    "wechat_grants": Delete(by={"identity": "identities"}),
    "wechat_holds": Delete(by={"identity": "identities"}),
    "wechat_tokens": Keep("the company's own access to WeChat"),
    # ---- news
    "notifications": Delete(
        by={"customer": "identities", "identity": "identities", "conversation": "identities"}
    ),
    "notification_choices": Delete(by={"identity": "identities"}),
    "notification_manners": Delete(by={"identity": "identities"}),
    "campaigns": Keep("what the company tells, and to which segment"),
    "leases": Keep("which process acts for all"),
    "scheduled_jobs": Keep("what is done when, for all"),
    # ---- recommendations
    "offer_outcomes": Keep("counts"),
    "recommendation_models": Keep("what goes with what, of things that at least twenty customers have"),
    # ---- the desk
    "private_notes": Delete(by={"conversation": "identities"}),
    "handoffs": Blank(
        by={"conversation": "identities"}, values={"conversation": _alias, "note": "", "passed_on": ""}
    ),
    "agents": Keep("colleagues"),
    "accounts": Keep("colleagues"),
    "account_logins": Keep("colleagues"),
    "ticket_views": Keep("filters of colleagues: states and categories"),
    "audit_log": Blank(
        within={"object": "names", "data": "names"}, values={"object": _without, "data": _without}
    ),
    # ---- other systems
    "api_calls": Blank(within={"answer": "cases"}, values={"status": 410, "answer": _GONE}),
    "api_tokens": Keep("other systems"),
    "webhook_deliveries": Delete(within={"body": "cases"}),
    "webhook_subscriptions": Keep("other systems"),
    # ---- tickets: figures only
    "ticket_notes": Blank(
        by={"ticket_id": "tickets"}, values={"text": "", "request_key": None, "data": _without}
    ),
    "tickets": Blank(
        by={"id": "tickets"},
        values={
            "customer": _alias,
            "description": "",
            "phone": None,
            "request_key": lambda person, key: f"{person.alias}:{hidden_phone(key)}",
        },
    ),
    "number_counters": Keep("counts"),
    # ---- knowledge
    "unanswered_questions": Delete(by={"customer": "identities"}),
    # What a ticket of theirs suggests: its document is known by the ticket's number.
    "knowledge_candidates": Blank(
        within={"data": "cases"}, values={"name": "", "data": {}, "state": "rejected", "reason": "forgotten"}
    ),
    "knowledge_documents": Blank(within={"name": "cases", "text": "cases"}, values={"text": ""}),
    "knowledge_entries": Keep("the company's facts"),
    "knowledge_versions": Keep("the company's facts"),
    "knowledge_nodes": Keep("the company's facts"),
    "knowledge_edges": Keep("the company's facts"),
    "knowledge_aliases": Keep("the company's facts"),
    "knowledge_editions": Keep("the company's facts"),
    # ---- figures
    "event_log": Blank(
        by={"customer": "identities"},
        within={"request_key": "names", "data": "names"},
        values={
            "customer": lambda person, of: person.alias if of in person.identities else of,
            "request_key": lambda person, key: _without(person, key or "") or None,
            "data": _without,
        },
    ),
    # ---- who they are
    "customer_facts": Delete(by={"identity": "identities"}),
    "profile_cursors": Keep("how far the event log was read"),
    "identity_links": Delete(by={"identity_id": "identities"}),
    "link_codes": Delete(by={"identity_id": "identities"}),
    # How many codes a phone was sent stays known for a day, so that forgetting does not make room for more.
    "phone_codes": Blank(
        by={"identity_id": "identities", "phone": "phones"},
        values={"identity_id": None, "phone": _hidden, "code_hash": ""},
    ),
    "identities": Delete(by={"id": "identities"}),
    "customers": Delete(by={"id": "customers"}),
    "erasures": Blank(by={"identity": "identities"}, values={"identity": None}),
}

#: Those of Rasa's tracker store.
TRACKER_TABLES: dict[str, Delete] = {
    "tracker_snapshots": Delete(by={"sender_id": "identities"}),
    "events": Delete(by={"sender_id": "identities"}),
}

#: What stands in the folder of settings().var_dir, by its name there, and what it holds of people. Logs carry
#: ids only, which are written over; what is in the databases is said above.
FILES: dict[str, str] = {
    "*.db*": "database",
    "*.log*": "log",
    "logs": "log",
    "uploads": "named",  # files below it whose path names an identity go
    "embeddings": "none",  # sentences of the company's facts
    "secret": "none",
    "endpoints.yml": "none",
}


def erase(connection: Connection, tables: Mapping[str, Keep | Delete], person: Person) -> None:
    """Does with each table what is said of it; one that does not exist holds nothing.

    Args:
        connection: In the caller's transaction.
        tables: ``TABLES`` or ``TRACKER_TABLES``.
        person: Who is forgotten.
    """
    there = set(sa.inspect(connection).get_table_names())
    for name, holding in tables.items():
        if isinstance(holding, Keep) or name not in there:
            continue
        table = sa.Table(name, sa.MetaData(), autoload_with=connection, resolve_fks=False)
        for condition in _conditions(table, holding, person):
            if isinstance(holding, Blank):
                _blank(connection, table, condition, holding, person)
            else:
                connection.execute(sa.delete(table).where(condition))


def _conditions(table: sa.Table, holding: Delete, person: Person) -> list:
    found = []
    for column, attribute in holding.by.items():
        values: Sequence = getattr(person, attribute)
        found += [table.c[column].in_(values)] if values else []
    for column, attribute in holding.within.items():
        text = sa.cast(table.c[column], sa.Text)
        found += [text.contains(value, autoescape=True) for value in getattr(person, attribute)]
    return found


def _blank(connection: Connection, table: sa.Table, condition: Any, holding: Blank, person: Person) -> None:
    made = [table.c[name] for name, value in holding.values.items() if callable(value)]
    key = list(table.primary_key)
    for row in connection.execute(sa.select(*key, *made).where(condition)).mappings().all():
        values = {
            name: value(person, row[name]) if callable(value) else value
            for name, value in holding.values.items()
        }
        here = [column == row[column.name] for column in key]
        connection.execute(sa.update(table).where(*here).values(values))
