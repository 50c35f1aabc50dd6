"""Whom a campaign means: what is known of each customer, as fields of a segment's expression."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kefu.conversations.models import Message
from kefu.customers import profile
from kefu.customers import service as customers
from kefu.customers.models import Customer, Identity
from kefu.customers.profile import CERTAIN, Known
from kefu.db import batches, utcnow
from kefu.notifications.models import Choice, Manner
from kefu.notifications.rules import rules

#: The fields, for those who write segments; times are days before now.
FIELDS: dict[str, type] = {
    "level": str,
    "language": str,
    "devices": list,
    "cities": list,
    "asked_about": list,
    "mood_trend": str,
    "channel": str,
    "channels": list,
    "topics": list,
    "has_phone": str,
    "known_days": float,
    "seen_days": float,
}


#: The facts that some of them come from.
_FACTS = ("device", "city", "topic", "language", "mood", "mood_before")


def profile_fields(session: Session, customer: str) -> dict[str, Any]:
    """What is known of one customer, by the names of ``FIELDS``; unknown fields are missing.

    Args:
        session: The caller's transaction.
        customer: One of their conversations.
    """
    return profiles(session, [customers.conversation_of(session, customer)]).get(customer, {})


def profiles(session: Session, conversations: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What ``profile_fields`` gives, of many customers by the conversation in which they speak now."""
    found: dict[str, dict[str, Any]] = {}
    for some in batches(conversations):
        rows = session.execute(
            select(Customer, Identity)
            .join(Identity, Identity.customer_id == Customer.id)
            .where(Customer.conversation.in_(some))
        ).all()
        found |= _profiles(session, rows)
    return found


def _profiles(session: Session, rows: Sequence[Any]) -> dict[str, dict[str, Any]]:
    now, found, whose, chosen = utcnow(), {}, {}, {}
    for row in rows:
        customer, identity = row.Customer, row.Identity
        whose[identity.id] = customer.conversation
        fields = found.setdefault(
            customer.conversation,
            {
                "level": customer.level,
                "has_phone": "yes" if customer.phone else "no",
                "known_days": (now - customer.created_at).total_seconds() / 86400,
                "channels": [],
                "channel": identity.channel,
                "devices": [],
                "cities": [],
                "asked_about": [],
                "mood_trend": "steady",
                "language": "zh",
            },
        )
        fields["channels"].append(identity.channel)
        chosen[customer.conversation] = customer.language
    for conversation, at in _last_seen(session, list(found)):
        found[conversation]["seen_days"] = (now - at).total_seconds() / 86400
    for conversation, channel, body in _last_said(session, list(found)):
        found[conversation]["channel"] = channel
        found[conversation]["language"] = body.get("language") or "zh"
    for conversation, channel in _preferred(session, whose).items():
        found[conversation]["channel"] = channel or found[conversation]["channel"]
    for conversation, facts in profile.facts_of_many(session, whose, _FACTS).items():
        found[conversation] |= _learned(facts)
    for conversation, choice in chosen.items():
        if choice:
            found[conversation]["language"] = choice.partition("-")[0]
    for conversation, topics in _topics(session, whose).items():
        found[conversation]["topics"] = topics
    return found


def _last_seen(session: Session, conversations: list[str]) -> list[Any]:
    theirs = (Message.conversation_id.in_(conversations), Message.direction == "in")
    query = select(Message.conversation_id, func.max(Message.created_at)).where(*theirs)
    return session.execute(query.group_by(Message.conversation_id)).all()


def _last_said(session: Session, conversations: list[str]) -> list[Any]:
    theirs = (Message.conversation_id.in_(conversations), Message.direction == "in")
    last = select(Message.conversation_id, func.max(Message.seq).label("seq")).where(*theirs)
    last = last.group_by(Message.conversation_id).subquery()
    query = select(Message.conversation_id, Message.channel, Message.body).join(
        last, (Message.conversation_id == last.c.conversation_id) & (Message.seq == last.c.seq)
    )
    return session.execute(query).all()


def _preferred(session: Session, whose: dict[str, str]) -> dict[str, str]:
    """The channel by which each customer would rather be told, by conversation; empty for none."""
    query = select(Manner.identity, Manner.channel).where(Manner.identity.in_(list(whose)))
    rows = session.execute(query.order_by(Manner.at)).all()
    return {whose[row.identity]: row.channel for row in rows}  # the newest holds


def _learned(facts: list[Known]) -> dict[str, Any]:
    """What facts come to: what was asked about counts on each level of its path."""
    certain = [fact for fact in facts if fact.weight >= CERTAIN]
    values = {name: [fact.value for fact in certain if fact.name == name] for name in _FACTS}
    steps = (path.split("/") for path in values["topic"])
    asked = dict.fromkeys("/".join(path[:depth]) for path in steps for depth in range(1, len(path) + 1))
    learned = {"devices": values["device"], "cities": values["city"], "asked_about": list(asked)}
    language = {"language": values["language"][0]} if values["language"] else {}
    return {**learned, **language, "mood_trend": profile.mood_trend(facts)}


def _topics(session: Session, whose: dict[str, str]) -> dict[str, list[str]]:
    """The topics that each customer gets, by conversation."""
    wanted: dict[str, dict[str, bool]] = defaultdict(dict)
    query = select(Choice).where(Choice.identity.in_(list(whose))).order_by(Choice.at)
    for choice in session.scalars(query):
        wanted[whose[choice.identity]][choice.topic] = choice.wanted
    always = [name for name, topic in rules().topics.items() if topic.always]
    return {
        one: always + [name for name in rules().choosable if wanted[one].get(name)]
        for one in set(whose.values())
    }
