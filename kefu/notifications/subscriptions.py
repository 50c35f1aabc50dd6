"""What customers want to be told about, and how: by their own word, in the chat or on the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.config import settings
from kefu.customers import service as customers
from kefu.db import utcnow
from kefu.events import record
from kefu.language.detect import LANGUAGES
from kefu.notifications.hours import end_of_quiet
from kefu.notifications.models import Campaign, Choice, Manner
from kefu.notifications.rules import clock, rules

#: What a customer can say of how they want to be told (see ``Manner``).
WISHES = ("zone", "quiet_from", "quiet_until", "channel", "language")


class BadManner(ValueError):
    """A wish on how to be told can't be met; names the field.

    Attributes:
        field: Which.
    """

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field


@dataclass(frozen=True)
class Ways:
    """How a customer is told: their own wishes, else the company's rules."""

    zone: str
    quiet_from: time
    quiet_until: time
    channel: str
    language: str

    def quiet_until_when(self, now: datetime) -> datetime | None:
        """When the quiet hours end, if it is in them (UTC)."""
        return end_of_quiet(now, self.zone, self.quiet_from, self.quiet_until)


def wanted(session: Session, customer: str) -> dict[str, bool]:
    """Of each topic, whether a customer is told about it."""
    book = rules()
    query = select(Choice).where(Choice.identity.in_(customers.circle(session, customer)))
    told = {choice.topic: choice.wanted for choice in session.scalars(query.order_by(Choice.at))}
    return {name: topic.always or told.get(name, False) for name, topic in book.topics.items()}


def choose(
    session: Session, identity: str, topics: Iterable[str], want: bool, campaign_id: int | None = None
) -> list[str]:
    """Subscribes to topics, or ends that; gives those for which that changed something.

    Args:
        session: The caller's transaction.
        identity: Who asks.
        topics: Which; those that always come are left.
        want: Whether they are wanted.
        campaign_id: The campaign to which it replies.
    """
    before, choosable = wanted(session, identity), rules().choosable
    if campaign_id is not None and session.get(Campaign, campaign_id) is None:
        campaign_id = None
    changed = [topic for topic in topics if topic in choosable and before[topic] != want]
    for topic in changed:
        session.merge(
            Choice(identity=identity, topic=topic, wanted=want, campaign_id=campaign_id, at=utcnow())
        )
        record(session, "notification.subscribed" if want else "notification.unsubscribed", identity,
               topic=topic, campaign=campaign_id)  # fmt: skip
    session.flush()
    return changed


def ways(session: Session, customer: str) -> Ways:
    """How a customer is told."""
    found = manner(session, customer) or Manner()
    quiet = rules().quiet_hours
    own = bool(found.quiet_from and found.quiet_until)
    return Ways(
        found.zone or settings().company_timezone,
        clock(found.quiet_from if own else quiet.begin),
        clock(found.quiet_until if own else quiet.end),
        found.channel or "",
        found.language or "",
    )


def manner(session: Session, customer: str) -> Manner | None:
    """What a customer has said of how they want to be told; the newest of their identities holds."""
    theirs = Manner.identity.in_(customers.circle(session, customer))
    return session.scalars(select(Manner).where(theirs).order_by(Manner.at.desc()).limit(1)).first()


def set_manner(session: Session, identity: str, **wishes: str) -> None:
    """Keeps how a customer wants to be told; what is not given stays, an empty text is the company's way.

    Raises:
        BadManner: A value that can't be used.
    """
    checks = {"zone": _zone, "quiet_from": clock, "quiet_until": clock, "language": _language}
    for field, value in wishes.items():
        try:
            if value and field in checks:
                checks[field](value)
        except (ValueError, OSError, ZoneInfoNotFoundError) as error:
            raise BadManner(field, str(error)) from None
    before = manner(session, identity) or Manner()
    kept = {name: getattr(before, name) or "" for name in WISHES}
    kept |= wishes
    if bool(kept["quiet_from"]) != bool(kept["quiet_until"]):
        raise BadManner("quiet_until", "quiet hours have a beginning and an end")
    session.merge(Manner(identity=identity, at=utcnow(), **kept))
    session.flush()


def _zone(name: str) -> None:
    ZoneInfo(name)


def _language(name: str) -> None:
    if name not in LANGUAGES:
        raise ValueError(f"{name!r} is not one of {', '.join(LANGUAGES)}")
