"""Use cases: what happened becomes notifications, and people look at what became of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kefu.conversations.models import Message
from kefu.customers import service as customers
from kefu.db import batches, utcnow
from kefu.events import Event, record
from kefu.knowledge import service as knowledge
from kefu.language.detect import LANGUAGES
from kefu.notifications import outbox
from kefu.notifications.models import Choice, Notification
from kefu.notifications.outbox import News
from kefu.notifications.rules import Told, by_language, rules

#: Events this old are news no more.
OLDEST = timedelta(days=2)
#: Longer than any transaction lasts, in which an event may be recorded long before it is seen.
OVERLAP = timedelta(minutes=10)
#: How long rows are kept.
KEPT = timedelta(days=180)


class NoSuchNotification(LookupError):
    """There is no such notification."""


class NotDead(ValueError):
    """Only what could not be sent is sent again."""


def follow(session: Session, since: datetime) -> int:
    """Makes notifications of events of the table in ``data/notifications.yml``; those made before stay one.

    Args:
        session: The caller's transaction.
        since: Of which time the events are; a little more is looked at.

    Returns:
        How many are new.
    """
    told = rules().events
    query = select(Event).where(
        Event.kind.in_(told), Event.at >= since - OVERLAP, Event.customer.is_not(None)
    )
    made = 0
    for event in session.scalars(query.order_by(Event.at)):
        how = told[event.kind]
        if all(event.data.get(name) == value for name, value in how.when.items()):
            made += outbox.enqueue(session, event.customer, _news(event, how))
    return made


def _news(event: Event, how: Told) -> News:
    facts = {name: str(event.data.get(name, "")) for name in how.facts}
    about = {"topic": how.topic, "kind": event.kind, "at": utcnow().isoformat(), **facts}
    return News(
        f"{event.kind}:{event.id}",
        how.topic,
        how.response,
        dict.fromkeys(LANGUAGES, facts),
        about,
        how.critical,
    )


def policy_changed(session: Session, name: str, summary: dict[str, str], english: str | None = None) -> int:
    """Tells who subscribed to policies of a change; the same change is told once.

    Args:
        session: The caller's transaction.
        name: The policy's name; one of the knowledge's is linked with what it applies to.
        summary: What changes, in ``zh`` and ``en``.
        english: The name in English, if the knowledge does not know it.

    Returns:
        How many are told.
    """
    _, graph = knowledge.read_graph()
    found = next(iter(graph.named("policy", name)), None)
    ref = found.ref if found else None
    lines = [fact.name for fact in graph.targets(ref, "applies_to")] if ref else []
    names = by_language({"zh": name, "en": (found and found.english) or english or name})
    summary = by_language(summary)
    content = "\n".join([name, *summary.values()])
    change = hashlib.sha256(content.encode()).hexdigest()[:32]
    facts = {language: {"name": names[language], "summary": summary[language]} for language in LANGUAGES}
    about = {"topic": "policies", "ref": ref, "name": names, "summary": summary, "lines": lines}
    news = News(
        f"policy:{change}", "policies", "utter_push_policy", facts, {**about, "at": utcnow().isoformat()}
    )
    told = sum(outbox.enqueue(session, customer, news) for customer in subscribers(session, "policies"))
    record(session, "policy.changed", None, name=name, told=told)
    return told


def subscribers(session: Session, topic: str) -> list[str]:
    """Customers who chose a topic, by the conversation in which each speaks now."""
    chosen = session.scalars(select(Choice.identity).where(Choice.topic == topic, Choice.wanted)).all()
    found = customers.conversations_of(session, chosen)
    return sorted(set(found.values()))


def track(session: Session, limit: int = 500) -> None:
    """Notes what became of messages that a platform has to take; what it refused is dead."""
    query = (
        select(Notification, Message.delivery)
        .join(
            Message,
            (Message.conversation_id == Notification.conversation) & (Message.seq == Notification.seq),
        )
        .where(
            Notification.state == "sent",
            Notification.arrived.is_(None),
            Notification.sent_at > utcnow() - OLDEST,
            Message.delivery.in_(("sent", "failed")),
        )
    )
    for row, delivery in session.execute(query.limit(limit)).all():
        row.arrived = delivery == "sent"
        if not row.arrived:
            row.state, row.reason = "dead", "not_delivered"
            record(session, "notification.dead", row.customer, notification=row.id, topic=row.topic,
                   reason=row.reason)  # fmt: skip


def look(
    session: Session,
    states: Iterable[str] = (),
    topic: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Notification]:
    """The outbox, newest first.

    Args:
        session: The caller's transaction.
        states: Only in these states.
        topic: Only of this topic.
        before: The id to go on from.
        limit: How many at most.
    """
    query = select(Notification).order_by(Notification.id.desc()).limit(limit)
    if states:
        query = query.where(Notification.state.in_(list(states)))
    if topic:
        query = query.where(Notification.topic == topic)
    if before is not None:
        query = query.where(Notification.id < before)
    return list(session.scalars(query))


def again(session: Session, ids: Iterable[int]) -> int:
    """Has dead notifications sent once more; returns how many.

    Raises:
        NoSuchNotification: There is none of an id.
        NotDead: One is in another state.
    """
    count = 0
    for some in batches(sorted(set(ids))):
        rows = session.scalars(select(Notification).where(Notification.id.in_(some))).all()
        if len(rows) != len(some):
            raise NoSuchNotification()
        for row in rows:
            if row.state != "dead":
                raise NotDead(str(row.id))
            outbox.send_again(session, row)
            count += 1
    return count


def prune(session: Session) -> None:
    """Forgets what was told long ago."""
    old = Notification.__table__.delete().where(
        Notification.created_at < utcnow() - KEPT, Notification.state.in_(("sent", "suppressed", "dead"))
    )
    session.execute(old)


def counts(session: Session) -> dict[str, Any]:
    """How many notifications are in each state."""
    query = select(Notification.state, func.count()).group_by(Notification.state)
    return dict(session.execute(query).all())
