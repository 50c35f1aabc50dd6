"""Whom a campaign means: what is known of each customer, as fields of a segment's expression."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kefu.conversations.models import Message
from kefu.customers import service as customers
from kefu.customers.models import Customer, Identity
from kefu.db import batches, utcnow
from kefu.notifications.models import Choice, Manner
from kefu.notifications.rules import rules

#: The fields, for those who write segments; times are days before now.
FIELDS: dict[str, type] = {
    "level": str,
    "language": str,
    "channel": str,
    "channels": list,
    "topics": list,
    "has_phone": str,
    "known_days": float,
    "seen_days": float,
}


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
            select(Customer.conversation, Customer.level, Customer.phone, Customer.created_at, Identity)
            .join(Identity, Identity.customer_id == Customer.id)
            .where(Customer.conversation.in_(some))
        ).all()
        found |= _profiles(session, rows)
    return found


def _profiles(session: Session, rows: Sequence[Any]) -> dict[str, dict[str, Any]]:
    now, found, whose = utcnow(), {}, {}
    for row in rows:
        identity = row.Identity
        whose[identity.id] = row.conversation
        profile = found.setdefault(
            row.conversation,
            {
                "level": row.level,
                "has_phone": "yes" if row.phone else "no",
                "known_days": (now - row.created_at).total_seconds() / 86400,
                "channels": [],
                "channel": identity.channel,
            },
        )
        profile["channels"].append(identity.channel)
    for conversation, at in _last_seen(session, list(found)):
        found[conversation]["seen_days"] = (now - at).total_seconds() / 86400
    for conversation, channel, body in _last_said(session, list(found)):
        found[conversation]["channel"] = channel
        found[conversation]["language"] = body.get("language") or "zh"
    for identity, language in _languages(session, list(whose)):
        found[whose[identity]]["language"] = language
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


def _languages(session: Session, identities: list[str]) -> list[Any]:
    query = select(Manner.identity, Manner.language).where(
        Manner.identity.in_(identities), Manner.language != ""
    )
    return session.execute(query.order_by(Manner.at)).all()


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
