"""What was learned of customers is shown to them with its source, and no longer counts once they deny it."""

import asyncio
from types import SimpleNamespace

import pytest

from kefu.channels.own_data import OwnData
from kefu.channels.protocol import BadInput
from kefu.conversations.ledger import Ledger
from kefu.customers import profile
from kefu.db import session_scope
from tests import console

LI = console.customer("li", "wechat")


@pytest.fixture
def own(installation):
    console.says(LI, "我的 L3 门锁")
    with session_scope() as session:
        profile.tell(session, LI.id, "device", "L3", 1, "event:1")
        profile.tell(session, LI.id, "device", "R1", 1, "ticket:GD1")
    return OwnData(SimpleNamespace(ledger=Ledger(), threads=asyncio.to_thread))


def device(value, right=False):
    return {"fact": {"what": "device", "value": value, "right": right}}


async def test_a_fact_that_is_denied_counts_no_more_and_the_others_stay(own):
    known = (await own.show(LI, None))["known"]["facts"]
    assert {(one["value"], one["source"]) for one in known} == {("L3", "event:1"), ("R1", "ticket:GD1")}
    assert all(one["since"] and one["at"] for one in known)
    left = (await own.correct(LI, device("R1")))["facts"]
    assert [one["value"] for one in left] == ["L3"]
    back = (await own.correct(LI, {**device("R1", right=True), "style": "short"}))["facts"]
    assert {(one["value"], one["source"]) for one in back} == {("L3", "event:1"), ("R1", "correction")}


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "language"),
        ({"fact": "L3"}, None),
        ({"fact": {"what": "shoe", "value": "L3", "right": False}}, "what"),
        ({"fact": {"what": "device", "value": "", "right": False}}, "value"),
        ({"fact": {"what": "device", "value": "L3", "right": "no"}}, "right"),
        ({"fact": {"what": "hour", "value": "x", "right": True}}, "right"),
        ({"fact": {"what": "device", "value": "L3", "right": False, "more": 1}}, "more"),
        ({"facts": []}, "facts"),
    ],
)
async def test_a_mistake_in_a_correction_is_named(own, data, field):
    with pytest.raises(BadInput) as bad:
        await own.correct(LI, data)
    assert bad.value.field == field
