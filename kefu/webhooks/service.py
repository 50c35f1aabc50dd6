"""Use cases of subscriptions. Each takes the caller's transaction."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from kefu.config import settings
from kefu.db import utcnow
from kefu.events import TOLD
from kefu.webhooks import addresses, signing
from kefu.webhooks.deliveries import add
from kefu.webhooks.models import Delivery, Subscription

MAX_SUBSCRIPTIONS, MAX_KINDS, LOG = 50, 30, 100
#: What a subscription may ask for: of these topics all (``ticket.*``) or one kind (``ticket.opened``).
TOPICS = tuple(topic.rstrip(".") for topic in TOLD)
_KIND = re.compile(rf"({'|'.join(TOPICS)})\.(\*|[a-z_]+)")


class WebhookError(ValueError):
    """A subscription can't be made so; ``field`` is what to mend, ``code`` why."""

    def __init__(self, field: str, code: str) -> None:
        """Names the field and the reason."""
        super().__init__(f"{field}: {code}")
        self.field, self.code = field, code


class NoSuchWebhook(LookupError):
    """There is no such subscription, or no such delivery of it."""


def subscribe(
    session: Session, url: str, kinds: Sequence[str], request_key: str | None = None
) -> Subscription:
    """Makes a subscription with a new secret, or gives the one that the same request made before.

    Raises:
        WebhookError: The address or a kind cannot be, or there are too many.
    """
    made = session.scalar(select(Subscription).filter_by(request_key=request_key)) if request_key else None
    if made is not None:
        return made
    _check(url, kinds)
    if session.scalar(select(func.count()).select_from(Subscription)) >= MAX_SUBSCRIPTIONS:
        raise WebhookError("url", "too_many")
    subscription = Subscription(
        url=url, kinds=sorted(set(kinds)), secret=signing.new_secret(), request_key=request_key
    )
    session.add(subscription)
    session.flush()
    return subscription


def change(
    session: Session,
    subscription_id: int,
    url: str | None = None,
    kinds: Sequence[str] | None = None,
    active: bool | None = None,
) -> Subscription:
    """Changes what is given; what is switched on begins without its earlier failures.

    Raises:
        NoSuchWebhook: There is none of that id.
        WebhookError: The address or a kind cannot be.
    """
    subscription = get(session, subscription_id)
    _check(url or subscription.url, subscription.kinds if kinds is None else kinds)
    subscription.url = url or subscription.url
    if kinds is not None:
        subscription.kinds = sorted(set(kinds))
    if url or active:
        subscription.ended = subscription.failing_since = subscription.next_at = None
        subscription.failures = 0
    if active is not None:
        subscription.active = active
    session.flush()
    return subscription


def remove(session: Session, subscription_id: int) -> None:
    """Ends a subscription, with what was on its way to it.

    Raises:
        NoSuchWebhook: There is none of that id.
    """
    subscription = get(session, subscription_id)
    session.execute(delete(Delivery).where(Delivery.subscription_id == subscription.id))
    session.delete(subscription)


def get(session: Session, subscription_id: int) -> Subscription:
    """The subscription.

    Raises:
        NoSuchWebhook: There is none of that id.
    """
    subscription = session.get(Subscription, subscription_id)
    if subscription is None:
        raise NoSuchWebhook(subscription_id)
    return subscription


def all_of_them(session: Session) -> list[Subscription]:
    """Every subscription, the oldest first."""
    return session.scalars(select(Subscription).order_by(Subscription.id)).all()


def test(session: Session, subscription_id: int) -> Delivery:
    """Sends a subscription something that has not happened, whatever kinds it asks for."""
    return add(session, get(session, subscription_id), "webhook.tested", utcnow(), {})


def log(session: Session, subscription_id: int) -> list[Delivery]:
    """The last deliveries of a subscription, the newest first."""
    query = select(Delivery).where(Delivery.subscription_id == get(session, subscription_id).id)
    return session.scalars(query.order_by(Delivery.id.desc()).limit(LOG)).all()


def again(session: Session, subscription_id: int, delivery_id: int) -> Delivery:
    """Sends a delivery once more, under the same id, by which the receiver may know it.

    Raises:
        NoSuchWebhook: The subscription has none of that id.
    """
    delivery = session.get(Delivery, delivery_id)
    if delivery is None or delivery.subscription_id != subscription_id:
        raise NoSuchWebhook(delivery_id)
    delivery.state, delivery.tries, delivery.next_at = "due", 0, utcnow()
    session.flush()
    return delivery


def _check(url: str, kinds: Sequence[str]) -> None:
    try:
        addresses.check(url, settings().webhook_private)
    except addresses.Forbidden as error:
        raise WebhookError("url", str(error)) from None
    if not 0 < len(kinds) <= MAX_KINDS or not all(map(_KIND.fullmatch, kinds)):
        raise WebhookError("kinds", "unknown")
