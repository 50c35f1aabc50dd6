"""Campaigns: previewed, sent to whom they mean and who wants them, paused, and counted."""

from datetime import timedelta

import pytest

from kefu.conversations.ledger import Ledger
from kefu.customers import service as customers
from kefu.customers.models import Identity
from kefu.db import session_scope, utcnow
from kefu.jobs import table
from kefu.notifications import audience, campaigns, subscriptions
from kefu.notifications.campaigns import BadCampaign, WrongCampaignStep
from kefu.notifications.expressions import ExpressionError
from tests.notices import heard, later, post, rows, says, subscriber

TEXTS = {"zh": "双十一满减", "en": "Sale"}


@pytest.fixture
def people(installation):
    """A vip and two others who want offers, and a vip who does not."""
    made = {
        "vip": subscriber("vip", "offers"),
        "app": subscriber("app", "offers", channel="app"),
        "web": subscriber("web", "offers"),
        "quiet": subscriber("quiet", "policies"),
    }
    with session_scope() as session:
        for name in ("vip", "quiet"):
            customers.set_level(session, session.get(Identity, made[name].id).customer_id, "vip")
    return made


def draft(segment="", **values) -> int:
    given = {"name": "双十一", "topic": "offers", "segment": segment, "texts": TEXTS, "by": "account:1"}
    with session_scope() as session:
        return campaigns.draft(session, **(given | values)).id


def step(campaign_id, what, *when):
    with session_scope() as session:
        return campaigns.step(session, campaign_id, what, *when)


def results(campaign_id):
    with session_scope() as session:
        return campaigns.results(session, campaign_id)


def state(campaign_id):
    with session_scope() as session:
        return campaigns.get(session, campaign_id).state


def test_a_preview_counts_whom_it_means_and_who_is_told_and_sends_nothing(people):
    with session_scope() as session:
        found = campaigns.preview(session, "level = vip or channels has app", "offers")
    assert (found.known, found.matched, found.subscribed) == (4, 3, 2)
    assert {one for one, _ in found.sample} == {people["vip"].id, people["app"].id}
    assert all(rows(one) == [] for one in people.values())


def test_a_profile_tells_what_is_known(people):
    with session_scope() as session:
        found = audience.profile_fields(session, people["app"].id)
    assert found["channel"] == "app" and found["language"] == "zh" and "offers" in found["topics"]
    assert found["seen_days"] < 1 and set(found) == set(audience.FIELDS)


async def test_a_campaign_goes_once_to_whom_it_means_and_its_results_are_counted(people, monkeypatch):
    monkeypatch.setattr(campaigns, "PART", 2)
    one = draft("not channels has app")
    step(one, "start")
    for _ in range(4):
        table.run_campaigns()
    await post().once()
    assert state(one) == "done"
    assert [len(heard(people[name])) for name in ("vip", "web", "app", "quiet")] == [1, 1, 0, 0]
    Ledger().see(people["vip"].id, 99, read=True)
    says(people["vip"], "多少钱")
    with session_scope() as session:
        subscriptions.choose(session, people["web"].id, ["offers"], False, one)
    figures = results(one)
    assert figures == {
        "matched": 3, "audience": 2, "waiting": 0, "sent": 2, "delivered": 1, "read": 1, "replied": 1,
        "suppressed": 0, "dead": 0, "unsubscribed": 1,
    }  # fmt: skip


async def test_a_paused_campaign_holds_what_is_queued_and_a_cancelled_one_ends_it(people):
    one = draft()
    step(one, "start")
    table.run_campaigns()
    step_done = draft("level = vip")
    step(step_done, "cancel")
    assert state(one) == "done"
    two = draft()
    step(two, "schedule", utcnow() + timedelta(hours=1))
    table.run_campaigns()
    assert state(two) == "scheduled"
    step(two, "pause")
    step(two, "resume")
    assert state(two) == "running"
    step(one, "cancel")
    later()
    await post().once()
    assert {row.reason for row in rows(people["vip"])} == {"cancelled"}
    with pytest.raises(WrongCampaignStep):
        step(one, "start")


def test_a_campaign_whose_time_has_come_begins_by_itself(people):
    one = draft()
    step(one, "schedule", utcnow())
    table.run_campaigns()
    assert state(one) == "done" and len(rows(people["vip"])) == 1


@pytest.mark.parametrize(
    "values, error",
    [
        ({"segment": "level = "}, ExpressionError),
        ({"topic": "tickets"}, BadCampaign),
        ({"texts": {"zh": "双十一"}}, BadCampaign),
    ],
)
def test_what_cannot_be_sent_is_refused_at_once(installation, values, error):
    with pytest.raises(error):
        draft(**values)
