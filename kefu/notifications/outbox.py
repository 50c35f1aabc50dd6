"""The outbox: one row for each customer and key, sent at least once by us, once to the customer.

A row is taken under a lease, so that what a process that dies had in hand is taken over. What is said becomes
a message of the customer's conversation in the transaction that marks the row as sent, so it stands there
once, whoever else believes to be sending it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, DateTime, and_, bindparam, func, or_, select, text, update
from sqlalchemy.orm import Session

from kefu.conversations.models import Message
from kefu.customers import service as customers
from kefu.customers.models import Customer, Identity
from kefu.db import utcnow
from kefu.events import record
from kefu.notifications.models import OPEN, Campaign, Notification
from kefu.notifications.rules import Cap, rules
from kefu.notifications.subscriptions import Ways, wanted, ways

#: How long after each vain try the next is, drawn from 80 to 120 % of it; then the next channel is tried.
DELAYS = tuple(timedelta(seconds=seconds) for seconds in (2, 10, 60, 300, 1800))
#: Longer than any try lasts.
LEASE = timedelta(seconds=30)
#: When to look again at who talks with a colleague.
WHILE_BUSY = timedelta(minutes=5)
#: When to look again at whom no channel may be used for at present.
WITHOUT_QUOTA = timedelta(minutes=10)

_NO_SYNC = {"synchronize_session": False}
_INSERT = text(
    "INSERT INTO notifications (customer, key, topic, response, facts, about, campaign_id, critical, state,"
    " next_at, expires_at, avoid, tries, created_at) VALUES (:customer, :key, :topic, :response, :facts,"
    " :about, :campaign_id, :critical, 'queued', :now, :expires_at, :avoid, 0, :now) ON CONFLICT DO NOTHING"
).bindparams(
    *(bindparam(name, type_=JSON) for name in ("facts", "about", "avoid")),
    *(bindparam(name, type_=DateTime) for name in ("now", "expires_at")),
)


@dataclass(frozen=True)
class News:
    """What is to be told (see ``Notification``)."""

    key: str
    topic: str
    response: str
    facts: dict[str, dict[str, Any]]
    about: dict[str, Any]
    critical: bool = False
    campaign_id: int | None = None


@dataclass(frozen=True)
class Address:
    """By which of a customer's identities something can be sent."""

    identity: str
    channel: str
    subject: str


@dataclass(frozen=True)
class Parcel:
    """A notification that this process may send now, to one address.

    Attributes:
        key: The same at every try, by which a platform refuses a second one.
        language: The customer's own choice; empty for that of their conversation.
    """

    id: int
    key: str
    customer: str
    topic: str
    response: str
    facts: dict[str, dict[str, Any]]
    about: dict[str, Any]
    address: Address
    tries: int
    language: str


#: Whether an identity can be told something now, on its channel; may reserve what that takes.
Reaches = Callable[[Session, Address, Notification], bool]
#: Whether a customer talks with a colleague.
IsBusy = Callable[[Session, str], bool]


def enqueue(session: Session, customer: str, news: News) -> bool:
    """Puts news for a customer into the outbox; ``False`` if it is there already."""
    book, now = rules(), utcnow()
    hours = book.expires_hours.always if book.topics[news.topic].always else book.expires_hours.other
    end = now + timedelta(hours=hours)
    values = {**vars(news), "customer": customer, "now": now, "expires_at": end, "avoid": []}
    return bool(session.connection().execute(_INSERT, values).rowcount)


def due(session: Session, limit: int = 50) -> list[int]:
    """Notifications that can be taken now, critical ones first."""
    query = select(Notification.id).where(_takeable(utcnow()))
    order = (Notification.critical.desc(), Notification.next_at, Notification.id)
    return list(session.scalars(query.order_by(*order).limit(limit)))


def take(
    session: Session, notification_id: int, owner: str, reaches: Reaches, is_busy: IsBusy
) -> Parcel | None:
    """Takes one notification, if it may be sent now; else it is held or suppressed.

    Args:
        session: A transaction of its own, whose first statement this is.
        notification_id: Which.
        owner: Who takes it.
        reaches: Tells what channels can be used.
        is_busy: Tells who is not to be disturbed.
    """
    now = utcnow()
    mine = update(Notification).where(Notification.id == notification_id, _takeable(now))
    lease = {"lease_owner": owner, "lease_until": now + LEASE, "state": "sending", "reason": None}
    if not session.execute(mine.values(**lease).execution_options(**_NO_SYNC)).rowcount:
        return None
    row = session.get(Notification, notification_id, populate_existing=True)
    _lock(session, row.customer)
    how = ways(session, row.customer)
    unfit = _unfit(session, row, now)
    if unfit:
        _end(session, row, "suppressed", unfit)
        return None
    held = _held(session, row, how, now, is_busy)
    if held:
        _hold(row, *held)
        return None
    address = _address(session, row, how, reaches)
    if isinstance(address, str):
        if address == "unreachable":
            _end(session, row, "dead", address)
        else:
            _hold(row, now + WITHOUT_QUOTA, address)
        return None
    if row.identity != address.identity:
        row.identity, row.channel, row.tries = address.identity, address.channel, 0
    return Parcel(
        row.id, f"notification-{row.id}", row.customer, row.topic, row.response, row.facts, row.about,
        address, row.tries, how.language,
    )  # fmt: skip


def mark_sent(session: Session, notification_id: int) -> bool:
    """Marks a notification as sent, as its message is stored; ``False`` if it was before."""
    mine = update(Notification).where(Notification.id == notification_id, Notification.state.in_(OPEN))
    sent = {"state": "sent", "reason": None, "sent_at": utcnow(), "lease_owner": None, "lease_until": None}
    return session.execute(mine.values(**sent).execution_options(**_NO_SYNC)).rowcount == 1


def note_message(session: Session, notification_id: int, conversation: str, seq: int) -> None:
    """Keeps which message a notification became, in the same transaction."""
    mine = update(Notification).where(Notification.id == notification_id)
    session.execute(mine.values(conversation=conversation, seq=seq).execution_options(**_NO_SYNC))


def failed(session: Session, parcel: Parcel, owner: str, reason: str, elsewhere: bool) -> None:
    """Notes a vain try; the next comes after a while.

    Args:
        session: The transaction.
        parcel: What was tried.
        owner: Who tried; has no say if somebody else has taken it since.
        reason: Why it was in vain.
        elsewhere: Whether it certainly did not arrive, so that another channel may be used.
    """
    row = session.get(Notification, parcel.id, populate_existing=True)
    if row is None or row.state != "sending" or row.lease_owner != owner:
        return
    row.lease_owner = row.lease_until = None
    row.state, row.reason = "failed", reason
    if row.tries < len(DELAYS):
        row.next_at = utcnow() + DELAYS[row.tries] * random.uniform(0.8, 1.2)
        row.tries += 1
    elif elsewhere:
        row.avoid = [*row.avoid, parcel.address.identity]
        row.next_at = utcnow()
    else:
        _end(session, row, "dead", reason)


def send_again(session: Session, row: Notification) -> None:
    """Has a dead notification sent once more, by any channel, with time to arrive."""
    now = utcnow()
    row.state, row.reason, row.next_at, row.tries, row.avoid = "queued", None, now, 0, []
    row.expires_at = max(row.expires_at, now + timedelta(hours=24))
    row.identity = row.channel = row.conversation = row.seq = row.sent_at = row.arrived = None


def _takeable(now: datetime) -> Any:
    waiting = and_(Notification.state.in_(("queued", "failed")), Notification.next_at <= now)
    left = and_(Notification.state == "sending", Notification.lease_until < now)
    return or_(waiting, left)


def _lock(session: Session, customer: str) -> None:
    """One notification of a customer is decided on at a time, so that caps and quotas hold."""
    whose = select(Identity.customer_id).where(Identity.id == customer).scalar_subquery()
    same = update(Customer).where(Customer.id == whose).values(conversation=Customer.conversation)
    session.execute(same.execution_options(**_NO_SYNC))


def _unfit(session: Session, row: Notification, now: datetime) -> str | None:
    """Why a notification is not to be sent at all."""
    if now > row.expires_at:
        return "expired"
    if not wanted(session, row.customer).get(row.topic):
        return "unsubscribed"
    if row.campaign_id is not None and session.get(Campaign, row.campaign_id).state == "cancelled":
        return "cancelled"
    circle = customers.circle(session, row.customer)
    twin = select(Notification.id).where(
        Notification.customer.in_(circle),
        Notification.key == row.key,
        Notification.id != row.id,
        Notification.state.in_(("sending", "sent")),
    )
    return "twice" if len(circle) > 1 and session.execute(twin.limit(1)).first() else None


def _held(
    session: Session, row: Notification, how: Ways, now: datetime, is_busy: IsBusy
) -> tuple[datetime, str] | None:
    """Until when a notification has to wait, and why."""
    if row.critical:
        return None
    if is_busy(session, row.customer):
        return now + WHILE_BUSY, "busy"
    if row.campaign_id is not None and session.get(Campaign, row.campaign_id).state == "paused":
        return now + timedelta(seconds=30), "paused"
    quiet = how.quiet_until_when(now)
    if quiet:
        return quiet, "quiet_hours"
    book = rules()
    topic = book.topics[row.topic]
    if topic.always:
        return None
    optional = Notification.topic.in_(book.choosable)
    free = max(
        _free_at(session, row, book.at_most, optional, now),
        _free_at(session, row, topic.at_most, Notification.topic == row.topic, now),
    )
    return (free, "capped") if free > now else None


def _free_at(session: Session, row: Notification, cap: Cap | None, which: Any, now: datetime) -> datetime:
    """From when on a cap lets one more through."""
    if cap is None:
        return now
    since = now - timedelta(hours=cap.hours)
    at = func.coalesce(Notification.sent_at, now)
    query = select(at).where(
        Notification.customer.in_(customers.circle(session, row.customer)),
        which,
        Notification.id != row.id,
        or_(
            and_(Notification.state == "sent", Notification.sent_at > since), Notification.state == "sending"
        ),
    )
    times = session.scalars(query.order_by(at.desc()).limit(cap.count)).all()
    return now if len(times) < cap.count else min(times) + timedelta(hours=cap.hours)


def _address(session: Session, row: Notification, how: Ways, reaches: Reaches) -> Address | str:
    """The first way by which the customer can be told: as tried, as they prefer, where they spoke last.

    Returns:
        The address, or why there is none: ``unreachable`` for good, ``no_quota`` for now.
    """
    circle = customers.circle(session, row.customer)
    identities = session.scalars(select(Identity).where(Identity.id.in_(circle))).all()
    left = {
        one.id: Address(one.id, one.channel, one.subject) for one in identities if one.id not in row.avoid
    }
    if row.identity in left:  # what was tried may have arrived: nowhere else, and it takes nothing anew
        return left[row.identity]
    last = _spoke_last(session, row.customer)
    ways_ = sorted(
        left.values(), key=lambda way: (way.channel != how.channel, way.identity != last, way.identity)
    )
    found = next((way for way in ways_ if reaches(session, way, row)), None)
    return found or ("no_quota" if left else "unreachable")


def _spoke_last(session: Session, customer: str) -> str | None:
    conversation = customers.conversation_of(session, customer)
    theirs = (Message.conversation_id == conversation, Message.direction == "in")
    query = select(Message.identity).where(*theirs).order_by(Message.seq.desc())
    return session.scalar(query.limit(1))


def _hold(row: Notification, until: datetime, reason: str) -> None:
    row.state, row.lease_owner, row.lease_until, row.next_at = "queued", None, None, until
    row.reason = reason


def _end(session: Session, row: Notification, state: str, reason: str) -> None:
    row.state, row.reason, row.lease_owner, row.lease_until = state, reason, None, None
    record(
        session, f"notification.{state}", row.customer, notification=row.id, topic=row.topic, reason=reason
    )
