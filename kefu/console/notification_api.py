"""Routes on notifications: campaigns, the outbox with what could not be sent, and news of policies."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Literal

from fastapi import APIRouter, Query
from pydantic import conint, conlist, constr
from sqlalchemy.orm import Session

from kefu.console import accounts, views
from kefu.console.account_api import Body
from kefu.console.accounts import Me
from kefu.console.guard import allowed, transaction
from kefu.console.open.paging import MAX_ID
from kefu.notifications import campaigns, service
from kefu.notifications.audience import FIELDS
from kefu.notifications.models import Campaign, Notification
from kefu.notifications.rules import rules

router = APIRouter(prefix="/api")

_PAGE = 50
_Id = conint(ge=1, le=MAX_ID)
_Text = constr(strip_whitespace=True, min_length=1, max_length=500)


class Texts(Body):
    """The same in both languages."""

    zh: _Text
    en: _Text


class Segment(Body):
    """Whom a campaign is for."""

    segment: constr(max_length=1000) = ""
    topic: constr(max_length=16)


class NewCampaign(Segment):
    """A campaign to begin with."""

    name: constr(strip_whitespace=True, min_length=1, max_length=100)
    texts: Texts


class Step(Body):
    """What is to happen with a campaign; ``starts_at`` with ``schedule``."""

    step: Literal["schedule", "start", "pause", "resume", "cancel"]
    starts_at: datetime | None


class PolicyNews(Body):
    """That a policy has changed, and how."""

    name: constr(strip_whitespace=True, min_length=1, max_length=100)
    english: constr(strip_whitespace=True, max_length=100) | None
    summary: Texts


class Again(Body):
    """Dead notifications to be sent once more."""

    ids: conlist(_Id, min_items=1, max_items=500)


@router.get("/campaigns")
def list_campaigns(me: Me = allowed("campaigns"), session: Session = transaction()) -> dict[str, Any]:
    """Every campaign, and what one can be made of."""
    topics = [
        {"topic": name, "name": topic.name.dict(), "always": topic.always}
        for name, topic in rules().topics.items()
    ]
    return {
        "campaigns": [_campaign(one) for one in campaigns.all_of_them(session)],
        "topics": topics,
        "fields": sorted(FIELDS),
    }


@router.post("/campaigns", status_code=201)
def add_campaign(
    new: NewCampaign, me: Me = allowed("campaigns"), session: Session = transaction()
) -> dict[str, Any]:
    """Drafts a campaign; nothing is sent."""
    made = campaigns.draft(session, new.name, new.topic, new.segment, new.texts.dict(), f"account:{me.id}")
    accounts.audit(session, me, "campaign.drafted", f"campaign:{made.id}")
    return _campaign(made)


@router.post("/campaigns/preview")
def preview_campaign(
    segment: Segment, me: Me = allowed("campaigns"), session: Session = transaction()
) -> dict[str, Any]:
    """Whom a segment means now: a dry run, in which nothing is sent."""
    found = campaigns.preview(session, segment.segment, segment.topic)
    sample = [{"conversation": one, "profile": profile} for one, profile in found.sample]
    return {**vars(found), "sample": sample}


@router.post("/campaigns/{campaign_id}/steps")
def step_campaign(
    campaign_id: _Id, step: Step, me: Me = allowed("campaigns"), session: Session = transaction()
) -> dict[str, Any]:
    """Schedules, starts, pauses, resumes or cancels a campaign."""
    at = step.starts_at
    if at is not None and at.tzinfo is not None:
        at = at.astimezone(timezone.utc).replace(tzinfo=None)
    changed = campaigns.step(session, campaign_id, step.step, at)
    accounts.audit(session, me, f"campaign.{step.step}", f"campaign:{campaign_id}")
    return _campaign(changed)


@router.get("/campaigns/{campaign_id}/results")
def campaign_results(
    campaign_id: _Id, me: Me = allowed("campaigns"), session: Session = transaction()
) -> dict[str, Any]:
    """What came of a campaign."""
    return campaigns.results(session, campaign_id)


@router.get("/notifications")
def list_notifications(
    state: list[Literal["queued", "sending", "sent", "failed", "dead", "suppressed"]] = Query(default=[]),
    topic: str | None = Query(default=None, max_length=16),
    before: int | None = Query(default=None, ge=1, le=MAX_ID),
    me: Me = allowed("campaigns"),
    session: Session = transaction(),
) -> dict[str, Any]:
    """The outbox, newest first, and how many are in each state."""
    found = service.look(session, state, topic, before, _PAGE)
    return {
        "notifications": [_notification(one) for one in found],
        "more": len(found) == _PAGE,
        "counts": service.counts(session),
    }


@router.post("/notifications/again", status_code=202)
def send_again(
    what: Again, me: Me = allowed("campaigns"), session: Session = transaction()
) -> dict[str, Any]:
    """Has dead notifications sent once more."""
    count = service.again(session, what.ids)
    accounts.audit(session, me, "notification.sent_again", "", ids=what.ids)
    return {"count": count}


@router.post("/policy-news", status_code=202)
def publish_policy_news(
    news: PolicyNews, me: Me = allowed("campaigns"), session: Session = transaction()
) -> dict[str, Any]:
    """Tells who subscribed to policies of a change."""
    told = service.policy_changed(session, news.name, news.summary.dict(), news.english)
    accounts.audit(session, me, "policy.published", news.name, told=told)
    return {"told": told}


def _campaign(one: Campaign) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "topic": one.topic,
        "segment": one.segment,
        "texts": one.texts,
        "state": one.state,
        "starts_at": views.moment(one.starts_at),
        "created_at": views.moment(one.created_at),
        "ended_at": views.moment(one.ended_at),
        "matched": one.matched,
    }


def _notification(one: Notification) -> dict[str, Any]:
    return {
        "id": one.id,
        "customer": one.customer,
        "topic": one.topic,
        "response": one.response,
        "state": one.state,
        "reason": one.reason,
        "channel": one.channel,
        "tries": one.tries,
        "campaign_id": one.campaign_id,
        "created_at": views.moment(one.created_at),
        "next_at": views.moment(one.next_at),
        "sent_at": views.moment(one.sent_at),
    }
