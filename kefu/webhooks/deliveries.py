"""What is on its way to subscriptions: from the event log, one sender at a time, until it has arrived.

Retries: a delivery is tried eleven times over about a day. After a vain try the whole subscription rests, at
first as long as the delivery, so that order is kept through a short failure; a receiver that stays away is
tried no more than once a minute, and one delivery that it alone refuses does not hold up the others for long.
"""

from __future__ import annotations

import json
import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from kefu.db import utcnow
from kefu.events import Event
from kefu.webhooks.models import Delivery, Subscription

#: How long after each vain try the next one is; each is drawn from 80 to 120 % of it.
DELAYS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1800, 3600, 2 * 3600, 4 * 3600, 6 * 3600, 8 * 3600)
)
#: After this time a vain try is the last.
LASTS = timedelta(hours=26)
#: A subscription rests no longer than this between two tries.
LONGEST_REST = timedelta(minutes=1)
#: So many vain tries in a row mark a subscription as failing.
MARKED_AFTER = 10
#: Longer than any try lasts.
LEASE = timedelta(seconds=30)
#: How long deliveries are kept.
KEPT = timedelta(days=7)

_NO_SYNC = {"synchronize_session": False}


@dataclass(frozen=True)
class Outcome:
    """How a try ended.

    Attributes:
        status: Of HTTP, if there was an answer.
        error: Why there was none: the error's kind.
        wait: How long the receiver asks to be left alone.
    """

    status: int | None = None
    error: str | None = None
    wait: timedelta = timedelta()

    @property
    def arrived(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300


def follow(session: Session, limit: int = 200) -> int:
    """Makes deliveries of what has happened; returns how many events were looked at.

    Several processes may do so at once: who clears an event's mark makes its deliveries, in one transaction.
    """
    query = select(Event).where(Event.pending.is_not(None)).order_by(Event.id).limit(limit)
    events = session.scalars(query).all()
    if not events:
        return 0
    mine = [event for event in events if _clear(session, event)]
    subscribed = session.scalars(select(Subscription).where(Subscription.active)).all()
    for event in mine:
        for subscription in subscribed:
            if subscription.created_at <= event.at and asks_for(subscription, event.kind):
                data = {"customer": event.customer, **event.data}
                add(session, subscription, event.kind, event.at, data, event.id)
    return len(events)


def announce(session: Session, kind: str, data: dict[str, Any]) -> None:
    """Tells subscriptions what must not stand in the event log."""
    for subscription in session.scalars(select(Subscription).where(Subscription.active)).all():
        if asks_for(subscription, kind):
            add(session, subscription, kind, utcnow(), data)


def asks_for(subscription: Subscription, kind: str) -> bool:
    """Whether a subscription wants events of a kind."""
    return kind in subscription.kinds or f"{kind.partition('.')[0]}.*" in subscription.kinds


def add(
    session: Session,
    subscription: Subscription,
    kind: str,
    at: datetime,
    data: dict[str, Any],
    event_id: int | None = None,
) -> Delivery:
    """Puts one message on its way."""
    message_id = f"msg_{uuid.uuid4().hex}"
    told = {"id": message_id, "kind": kind, "at": at.isoformat(timespec="milliseconds") + "Z", "data": data}
    delivery = Delivery(
        subscription_id=subscription.id,
        event_id=event_id,
        message_id=message_id,
        kind=kind,
        body=json.dumps(told, ensure_ascii=False, separators=(",", ":")),
    )
    session.add(delivery)
    session.flush()
    return delivery


def ready(session: Session) -> list[int]:
    """Subscriptions to which something can be sent now, and nobody does."""
    now = utcnow()
    query = (
        select(Subscription.id)
        .join(Delivery, Delivery.subscription_id == Subscription.id)
        .where(Delivery.state == "due", Delivery.next_at <= now, Subscription.active)
        .where(or_(Subscription.next_at.is_(None), Subscription.next_at <= now))
        .where(or_(Subscription.lease_until.is_(None), Subscription.lease_until < now))
    )
    return session.scalars(query.distinct()).all()


def take(session: Session, subscription_id: int, owner: str) -> Delivery | None:
    """Takes or renews the right to send to a subscription; gives the delivery that is next.

    ``None``: another process sends to it, or nothing can be sent now; the right is then given back.
    """
    now = utcnow()
    free = or_(
        Subscription.lease_owner == owner, Subscription.lease_until.is_(None), Subscription.lease_until < now
    )
    mine = update(Subscription).where(Subscription.id == subscription_id, free)
    held = mine.values(lease_owner=owner, lease_until=now + LEASE).execution_options(**_NO_SYNC)
    if not session.execute(held).rowcount:
        return None
    subscription = session.get(Subscription, subscription_id, populate_existing=True)
    query = select(Delivery).where(
        Delivery.subscription_id == subscription_id, Delivery.state == "due", Delivery.next_at <= now
    )
    found = session.scalars(query.order_by(Delivery.id).limit(1)).first()
    if not subscription.active or (subscription.next_at and subscription.next_at > now):
        found = None
    if found is None:
        release(session, subscription_id, owner)
    return found


def release(session: Session, subscription_id: int, owner: str) -> None:
    """Gives the right to send back."""
    mine = update(Subscription).where(Subscription.id == subscription_id, Subscription.lease_owner == owner)
    session.execute(mine.values(lease_owner=None, lease_until=None).execution_options(**_NO_SYNC))


def settle(session: Session, delivery_id: int, outcome: Outcome) -> bool:
    """Notes how a try ended, and what follows from it; ``False`` if the subscription was ended meanwhile."""
    delivery = session.get(Delivery, delivery_id)
    if delivery is None:
        return False
    subscription = session.get(Subscription, delivery.subscription_id)
    delivery.tries, delivery.tried_at = delivery.tries + 1, utcnow()
    delivery.status, delivery.error = outcome.status, outcome.error
    if outcome.arrived:
        delivery.state = "sent"
        _recovered(session, subscription)
    elif outcome.status == 410:
        delivery.state = "failed"
        subscription.active, subscription.ended = False, "gone"
    else:
        _failed(subscription, delivery, outcome.wait)
    return True


def prune(session: Session) -> None:
    """Forgets deliveries that are old, whatever became of them."""
    old = delete(Delivery).where(Delivery.created_at < utcnow() - KEPT)
    session.execute(old.execution_options(**_NO_SYNC))


def _clear(session: Session, event: Event) -> bool:
    mine = update(Event).where(Event.id == event.id, Event.pending.is_not(None)).values(pending=None)
    return session.execute(mine.execution_options(**_NO_SYNC)).rowcount == 1


def _recovered(session: Session, subscription: Subscription) -> None:
    if subscription.failures >= MARKED_AFTER:  # it was away: what waits for hours need not wait any longer
        waiting = (Delivery.subscription_id == subscription.id, Delivery.state == "due")
        session.execute(
            update(Delivery).where(*waiting).values(next_at=utcnow()).execution_options(**_NO_SYNC)
        )
    subscription.failures, subscription.failing_since, subscription.next_at = 0, None, None


def _failed(subscription: Subscription, delivery: Delivery, wait: timedelta) -> None:
    now = utcnow()
    subscription.failures += 1
    subscription.failing_since = subscription.failing_since or now
    usual = DELAYS[min(delivery.tries, len(DELAYS)) - 1] * random.uniform(0.8, 1.2)
    delay = max(usual, wait)
    if delivery.tries > len(DELAYS) or now - delivery.created_at > LASTS:
        delivery.state = "failed"
    delivery.next_at = now + delay
    rest = min(LONGEST_REST, max(delay, timedelta(seconds=2 ** min(subscription.failures, 6))))
    subscription.next_at = now + max(rest, wait)
