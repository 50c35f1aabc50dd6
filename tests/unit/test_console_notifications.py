"""Notifications at the console: campaigns from draft to results, dead letters, news of policies."""

import pytest

from kefu.jobs import table
from kefu.notifications.sender import Conversation, NotSent
from tests import console as people
from tests.notices import later, news, post, subscriber, tell

TEXTS = {"zh": "满减", "en": "Sale"}
SEGMENT = {"segment": "channels has web", "topic": "offers"}
CAMPAIGN = {"name": "双十一", "texts": TEXTS, **SEGMENT}


@pytest.fixture
def browser(visit):
    people.account("lin", "supervisor")
    return visit("lin")


async def test_a_campaign_is_previewed_drafted_started_and_counted(browser):
    subscriber("li", "offers")
    seen = browser.post("/api/campaigns/preview", json=SEGMENT).json()
    assert (seen["matched"], seen["subscribed"], len(seen["sample"])) == (1, 1, 1)
    made = browser.post("/api/campaigns", json=CAMPAIGN).json()
    steps = f"/api/campaigns/{made['id']}/steps"
    when = {"step": "schedule", "starts_at": "2099-01-01T08:00:00+08:00"}
    assert browser.post(steps, json=when).json()["starts_at"] == "2099-01-01T00:00:00.000Z"
    assert browser.post(steps, json={"step": "start"}).json()["state"] == "running"
    assert browser.post(steps, json={"step": "start"}).json()["error"]["code"] == "campaign_state"
    table.run_campaigns()
    await post().once()
    assert browser.get(f"/api/campaigns/{made['id']}/results").json()["sent"] == 1
    assert browser.get("/api/campaigns").json()["campaigns"][0]["state"] == "done"


def test_a_mistake_in_a_segment_is_shown_where_it_is(browser):
    answer = browser.post("/api/campaigns", json={**CAMPAIGN, "segment": "channels = web"})
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert (error["code"], error["field"]) == ("segment_operator", "segment")
    assert error["message"].startswith("at character 10:")


async def test_dead_letters_are_seen_and_sent_again(browser):
    class Broken(Conversation):
        async def push(self, parcel, body):
            raise NotSent("status_500")

    li = subscriber("li", "policies", channel="app")
    tell(li, news())
    sender = post({"app": Broken()})
    for _ in range(8):
        await sender.once()
        later()
    (dead,) = browser.get("/api/notifications?state=dead").json()["notifications"]
    assert dead["reason"] == "unreachable"
    assert browser.post("/api/notifications/again", json={"ids": [dead["id"]]}).json() == {"count": 1}
    await post().once()
    assert browser.get("/api/notifications").json()["counts"] == {"sent": 1}
    assert browser.post("/api/notifications/again", json={"ids": [dead["id"]]}).status_code == 409
