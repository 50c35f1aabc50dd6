r"""Campaigns: news for a segment of customers, from the first draft to its figures.

::

    draft -> scheduled -> running -> done
        \          \           |^
         \          \          v|
          +----------+-----> paused      any of these -> cancelled
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from kefu.conversations.models import Message
from kefu.customers.models import Customer, Identity
from kefu.db import utcnow
from kefu.events import record
from kefu.language.detect import LANGUAGES
from kefu.notifications import outbox
from kefu.notifications.audience import FIELDS, profiles
from kefu.notifications.expressions import parse
from kefu.notifications.models import Campaign, Choice, Notification
from kefu.notifications.outbox import News
from kefu.notifications.rules import WRITTEN, by_language, rules

#: How many customers are looked at in one transaction.
PART = 200
#: What comes within this time after a message is a reply to it.
REPLY = timedelta(hours=24)
#: How many customers a preview shows.
SAMPLE = 10

_STEPS = {
    "schedule": (("draft", "paused", "scheduled"), "scheduled"),
    "start": (("draft", "scheduled"), "running"),
    "pause": (("scheduled", "running"), "paused"),
    "resume": (("paused",), "running"),
    "cancel": (("draft", "scheduled", "running", "paused", "done"), "cancelled"),
}


class NoSuchCampaign(LookupError):
    """There is no such campaign."""


class WrongCampaignStep(ValueError):
    """A campaign's state does not allow a step; or somebody else has just taken one."""


class BadCampaign(ValueError):
    """A value of a campaign can't be used.

    Attributes:
        field: Which.
    """

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field


@dataclass(frozen=True)
class Preview:
    """Whom a segment means now.

    Attributes:
        known: How many customers there are.
        matched: How many of them the segment means.
        subscribed: How many of those get the topic.
        sample: Some of those, by conversation and profile.
    """

    known: int
    matched: int
    subscribed: int
    sample: list[tuple[str, dict[str, Any]]]


def get(session: Session, campaign_id: int) -> Campaign:
    """A campaign.

    Raises:
        NoSuchCampaign: There is none of that id.
    """
    found = session.get(Campaign, campaign_id)
    if found is None:
        raise NoSuchCampaign(campaign_id)
    return found


def all_of_them(session: Session) -> list[Campaign]:
    """Every campaign, newest first."""
    return list(session.scalars(select(Campaign).order_by(Campaign.id.desc()).limit(200)))


def draft(session: Session, name: str, topic: str, segment: str, texts: dict[str, str], by: str) -> Campaign:
    """Begins a campaign.

    Raises:
        BadCampaign: The topic is none that customers choose, or a text is missing.
        ExpressionError: The segment can't be read.
    """
    if topic not in rules().choosable:
        raise BadCampaign("topic", f"one of {', '.join(rules().choosable)}")
    if not all(texts.get(language, "").strip() for language in WRITTEN):
        raise BadCampaign("texts", "a text in each language")
    parse(segment, FIELDS)
    made = Campaign(name=name, topic=topic, segment=segment, texts=texts, created_by=by)
    session.add(made)
    session.flush()
    return made


def preview(session: Session, segment: str, topic: str) -> Preview:
    """Whom a segment means; nothing is sent.

    Raises:
        ExpressionError: The segment can't be read.
    """
    fits = parse(segment, FIELDS)
    known = matched = subscribed = 0
    sample: list[tuple[str, dict[str, Any]]] = []
    after = ""
    while True:
        part, after = _part(session, after)
        for conversation, profile in part.items():
            known += 1
            if fits(profile):
                matched += 1
                if topic in profile["topics"]:
                    subscribed += 1
                    sample += [(conversation, profile)] if len(sample) < SAMPLE else []
        if not after:
            return Preview(known, matched, subscribed, sample)


def step(session: Session, campaign_id: int, what: str, starts_at: datetime | None = None) -> Campaign:
    """Takes a step: ``schedule`` (at ``starts_at``, UTC), ``start``, ``pause``, ``resume`` or ``cancel``.

    Raises:
        NoSuchCampaign: There is none of that id.
        WrongCampaignStep: Its state does not allow that.
        BadCampaign: ``starts_at`` is missing or past.
    """
    campaign = get(session, campaign_id)
    before, after = _STEPS[what]
    if campaign.state not in before:
        raise WrongCampaignStep(f"{campaign.state}: {what}")
    if what == "schedule" and (starts_at is None or starts_at < utcnow() - timedelta(minutes=1)):
        raise BadCampaign("starts_at", "a time to come")
    if what == "schedule":
        campaign.starts_at = starts_at
    if what == "cancel":
        campaign.ended_at = utcnow()
        _take_back(session, campaign)
    campaign.state = after
    session.flush()
    record(session, "campaign." + after, None, campaign=campaign.id)
    return campaign


def start_due(session: Session) -> None:
    """Begins campaigns whose time has come, in case nobody was there at that time."""
    due = select(Campaign).where(Campaign.state == "scheduled", Campaign.starts_at <= utcnow())
    for campaign in session.scalars(due).all():
        step(session, campaign.id, "start")


def running(session: Session) -> list[int]:
    """Campaigns whose audience is not complete yet."""
    return list(session.scalars(select(Campaign.id).where(Campaign.state == "running")))


def advance(session: Session, campaign_id: int) -> bool:
    """Puts the next part of a campaign's audience into the outbox; whether there is more to come."""
    campaign = session.get(Campaign, campaign_id)
    if campaign is None or campaign.state != "running":
        return False
    fits = parse(campaign.segment, FIELDS)
    news = _news(campaign)
    part, after = _part(session, campaign.after)
    for conversation, profile in part.items():
        if fits(profile):
            campaign.matched += 1
            if campaign.topic in profile["topics"]:
                outbox.enqueue(session, conversation, news)
    campaign.after = after or campaign.after
    if not after:
        campaign.state, campaign.ended_at = "done", utcnow()
        record(session, "campaign.done", None, campaign=campaign.id, matched=campaign.matched)
    session.flush()
    return bool(after)


def results(session: Session, campaign_id: int) -> dict[str, int]:
    """What came of a campaign: how many are queued, sent, delivered, read, replied to, and so on."""
    out, inn = aliased(Message), aliased(Message)
    replied = (
        select(inn.seq)
        .where(
            inn.conversation_id == Notification.conversation,
            inn.direction == "in",
            inn.seq > Notification.seq,
            inn.created_at <= _later(session, Notification.sent_at),
        )
        .exists()
    )
    here = (out.conversation_id == Notification.conversation) & (out.seq == Notification.seq)
    is_delivered = or_(
        out.delivered_at.is_not(None), out.read_at.is_not(None), Notification.arrived.is_(True)
    )
    figures = {
        "audience": func.count(Notification.id),
        "waiting": _count(Notification.state.in_(("queued", "failed", "sending"))),
        "sent": _count(Notification.state == "sent"),
        "delivered": _count(is_delivered),
        "read": _count(out.read_at.is_not(None)),
        "replied": _count(replied),
        "suppressed": _count(Notification.state == "suppressed"),
        "dead": _count(Notification.state == "dead"),
    }
    query = select(*(value.label(name) for name, value in figures.items())).select_from(Notification)
    query = query.outerjoin(out, here).where(Notification.campaign_id == campaign_id)
    counted = {name: int(value or 0) for name, value in session.execute(query).one()._mapping.items()}
    left = select(func.count()).where(Choice.campaign_id == campaign_id, Choice.wanted.is_(False))
    return {"matched": get(session, campaign_id).matched, **counted, "unsubscribed": session.scalar(left)}


def _count(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))


def _later(session: Session, column: Any) -> Any:
    """``REPLY`` after a column's time, in the words of each database."""
    if session.get_bind().dialect.name == "sqlite":
        return func.strftime("%Y-%m-%d %H:%M:%f", column, f"+{int(REPLY.total_seconds())} seconds")
    return column + REPLY


def _news(campaign: Campaign) -> News:
    texts = by_language(campaign.texts)
    about = {
        "topic": campaign.topic, "name": dict.fromkeys(LANGUAGES, campaign.name), "summary": texts,
        "campaign": campaign.id, "at": utcnow().isoformat(),
    }  # fmt: skip
    facts = {language: {"text": text} for language, text in texts.items()}
    return News(
        f"campaign:{campaign.id}",
        campaign.topic,
        "utter_push_campaign",
        facts,
        about,
        campaign_id=campaign.id,
    )


def _part(session: Session, after: str) -> tuple[dict[str, dict[str, Any]], str]:
    """The profiles of the next customers after an id, and the last one's id; empty when there are no more."""
    has_identity = select(Identity.id).where(Identity.customer_id == Customer.id).exists()
    query = select(Customer.id, Customer.conversation).where(Customer.id > after, has_identity)
    rows = session.execute(query.order_by(Customer.id).limit(PART)).all()
    found = profiles(session, [row.conversation for row in rows])
    return found, rows[-1].id if len(rows) == PART else ""


def _take_back(session: Session, campaign: Campaign) -> None:
    """Ends what has not been sent yet."""
    waiting = (Notification.campaign_id == campaign.id, Notification.state.in_(("queued", "failed")))
    ended = update(Notification).where(*waiting).values(state="suppressed", reason="cancelled")
    session.execute(ended.execution_options(synchronize_session=False))
