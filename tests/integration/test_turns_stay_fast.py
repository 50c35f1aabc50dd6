"""Through running servers a turn costs the same however long the conversation; ratios, with wide margins."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import aiohttp
import pytest
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import ActionExecuted, SessionStarted, SlotSet, UserUttered

from bench.turn_load import Crowd
from bench.turn_servers import System, median
from tests.unit.test_stores_tracker_store import new_store, take_turn  # noqa: F401
from tests.unit.test_stores_window import DOMAIN, LISTEN

LONG = 300


@pytest.fixture(scope="module")
def system(trained_model, tmp_path_factory) -> Iterator[System]:
    """Our servers, with Rasa's own API."""
    system = System("ours", trained_model, tmp_path_factory.mktemp("servers"))
    system.load_knowledge()
    try:
        system.start()
        yield system
    finally:
        system.stop()


async def test_turn_300_costs_as_much_as_turn_10(system):
    async with Crowd(system) as crowd:
        await crowd.talk("example", 8)
        lengths = {10: "short", LONG: "long"}
        for turns, sender in lengths.items():
            system.repeat("example", sender, turns - 2)
            await crowd.say(sender, crowd.messages["rule"][0])
        # In turn, so that whatever else the machine does befalls both.
        seconds = {sender: [] for sender in lengths.values()}
        for _ in range(12):
            for sender in seconds:
                seconds[sender] += await crowd.talk(sender, 1)
        assert median(seconds["long"]) <= 2 * median(seconds["short"])


async def test_the_second_of_two_quick_messages_does_not_wait_long(system):
    async with Crowd(system) as crowd:
        turn = median((await crowd.talk(uuid.uuid4().hex, 15))[3:])
        assert await crowd.second_of_two(rounds=7) <= 4 * turn


async def test_our_store_is_faster_than_rasas_own_on_a_long_conversation(new_store, tmp_path):  # noqa: F811
    stock = SQLTrackerStore(domain=DOMAIN, host=f"sqlite:///{tmp_path}/stock.db")
    stores = {"ours": new_store(), "stock": stock}
    seconds = {name: [] for name in stores}
    for store in stores.values():
        turns = (event for number in range(LONG) for event in _turn(number))
        await take_turn(store, [SessionStarted(), ActionExecuted(LISTEN), *turns])
        await take_turn(store, _turn(LONG))
    for number in range(7):
        for name, store in stores.items():
            started = time.perf_counter()
            await take_turn(store, _turn(number))
            seconds[name].append(time.perf_counter() - started)
    assert median(seconds["ours"]) <= 0.5 * median(seconds["stock"])


async def test_an_external_event_is_answered_far_from_the_beginning(system):
    async with Crowd(system) as crowd, aiohttp.ClientSession() as http:
        await crowd.talk("external", 14)
        address = f"{system.url}/conversations/external/trigger_intent?output_channel=latest"
        async with http.post(address, json={"name": "bot_challenge"}) as answer:
            said = await answer.json()
        assert said["tracker"]["latest_message"]["intent"]["name"] == "bot_challenge"
        (event,) = [event for event in await _events(http, system, "external") if _is_external(event)]
        assert event["text"] == "EXTERNAL: bot_challenge"


async def test_a_reminder_set_before_the_window_is_kept(system):
    async with Crowd(system) as crowd, aiohttp.ClientSession() as http:
        await crowd.talk("reminded", 1)
        due = datetime.now(timezone.utc) + timedelta(seconds=8)  # later than all that is said next
        reminder = {
            "event": "reminder", "intent": "goodbye", "entities": None, "date_time": due.isoformat(),
            "name": "later", "kill_on_user_msg": False,
        }  # fmt: skip
        address = f"{system.url}/conversations/reminded/tracker/events"
        query = {"execute_side_effects": "true", "output_channel": "latest"}
        async with http.post(address, json=reminder, params=query) as answer:
            assert answer.status == 200
        await crowd.talk("reminded", 14)
        deadline = time.monotonic() + 30
        while True:
            events = await _events(http, system, "reminded")
            places = [place for place, event in enumerate(events) if _is_external(event)]
            if places and any(event["event"] == "bot" for event in events[places[0] :]):
                break
            assert time.monotonic() < deadline, "the reminder did not come"
            await asyncio.sleep(0.3)
        assert events[places[0]]["parse_data"]["intent"]["name"] == "goodbye"


async def _events(http: aiohttp.ClientSession, system: System, sender: str) -> list[dict]:
    async with http.get(f"{system.url}/conversations/{sender}/tracker?include_events=ALL") as answer:
        return (await answer.json())["events"]


def _is_external(event: dict) -> bool:
    return event["event"] == "user" and event["metadata"].get("is_external") is True


def _turn(number: int) -> list:
    greet = UserUttered(f"hello {number}", {"name": "greet"})
    return [greet, ActionExecuted("utter_hello"), SlotSet("count", float(number)), ActionExecuted(LISTEN)]
