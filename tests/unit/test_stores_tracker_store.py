"""Conversations are kept whole, read in part, and the same for every process."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys

import pytest
from rasa.core.agent import Agent
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore, check_if_tracker_store_async
from rasa.shared.core.events import ActionExecuted, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy import event, insert

from kefu.config import settings
from kefu.run.servers import environment
from kefu.stores import rows
from kefu.stores.tracker_store import KefuTrackerStore
from tests.unit.test_stores_window import DOMAIN, LISTEN, Customer, Insistent, state


@pytest.fixture
def new_store(tmp_path, monkeypatch):
    """Starts one more process of the same installation."""
    monkeypatch.setenv("KEFU_VAR_DIR", str(tmp_path))
    settings.cache_clear()
    yield lambda **options: KefuTrackerStore(domain=DOMAIN, **options)
    settings.cache_clear()


async def take_turn(store, events, sender="a"):
    tracker = await store.get_or_create_tracker(sender, append_action_listen=False)
    for one in events:
        tracker.update(one)
    await store.save(tracker)
    return tracker


def session():
    return [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted(LISTEN)]


def hello(n=0):
    return [UserUttered(f"hello {n}", {"name": "greet"}), SlotSet("count", float(n)), ActionExecuted(LISTEN)]


@pytest.mark.parametrize(("kind", "seed"), [(Customer, 0), (Customer, 1), (Customer, 2), (Insistent, 3)])
async def test_two_processes_that_take_turns_see_one_conversation(new_store, kind, seed):
    dice, customer = random.Random(seed), kind(seed)
    stores = [new_store(), new_store()]
    whole = [SessionStarted(), ActionExecuted(LISTEN)]
    await take_turn(stores[0], list(whole))
    for _ in range(60):
        events = customer.turn()
        whole += events
        await take_turn(dice.choice(stores), events)
        if dice.random() < 0.1:
            stores[dice.randrange(2)] = new_store()  # one is started again
        seen = await dice.choice(stores).retrieve("a")
        assert state(seen) == state(DialogueStateTracker.from_events("a", list(whole), DOMAIN.slots))
    full = await stores[0].retrieve_full_tracker("a")
    assert list(full.events) == whole


async def test_every_event_can_be_read_by_rasas_own_store(new_store):
    store, customer = new_store(), Customer(3)
    written = session()
    await take_turn(store, list(written))
    for _ in range(80):
        events = customer.turn()
        written += events
        await take_turn(store, events)
    stock = SQLTrackerStore(domain=DOMAIN, host=settings().tracker_url)
    assert list((await stock.retrieve_full_tracker("a")).events) == written
    assert list((await stock.retrieve("a")).events) == written[1:]
    assert await stock.keys() == await store.keys() == ["a"]


async def test_what_rasas_own_store_wrote_is_taken_over(new_store):
    new_store()  # makes the tables
    stock = SQLTrackerStore(domain=DOMAIN, host=settings().tracker_url)
    events = [*session(), *(e for n in range(40) for e in hello(n))]
    await stock.save(DialogueStateTracker.from_events("a", list(events), DOMAIN.slots))
    tracker = await new_store().retrieve("a")
    assert tracker.get_slot("count") == 39.0 and len(tracker.events) < 70
    assert tracker.latest_message.text == "hello 39"


async def test_a_turn_reads_one_row_however_long_the_conversation(new_store):
    store = new_store()
    for n in range(60):
        await take_turn(store, hello(n))
    fetched = []
    original = rows.since
    statements = []
    event.listen(store.engine, "before_cursor_execute", lambda *args: statements.append(args[2].split()[0]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "since", lambda *args: fetched.append(len(found := original(*args))) or found)
        for n in range(20):
            await take_turn(store, hello(61 + n))
    assert fetched == [1] * 20
    # Now and then, when the window is cut, its beginning is noted too.
    assert (statements.count("SELECT"), statements.count("INSERT")) == (40, 20)
    assert 1 <= len(statements) - 60 <= 4


async def test_a_turn_that_fails_half_way_leaves_nothing_behind(new_store):
    store = new_store()
    await take_turn(store, [*session(), *hello(1)])
    broken = await store.retrieve("a")
    broken.update(UserUttered("and then the power went"))
    broken.update(SlotSet("count", 99.0))
    tracker = await store.retrieve("a")
    assert tracker.get_slot("count") == 1.0 and tracker.latest_message.text == "hello 1"
    await take_turn(store, hello(2))
    whole = await store.retrieve_full_tracker("a")
    assert [e.text for e in whole.events if isinstance(e, UserUttered)] == ["hello 1", "hello 2"]


async def test_a_save_that_fails_leaves_nothing_behind(new_store, monkeypatch):
    store = new_store()
    await take_turn(store, [*session(), *hello(1)])
    with monkeypatch.context() as patch:
        patch.setattr(rows, "ids_after", lambda *_: 1 / 0)  # after the rows were written
        with pytest.raises(ZeroDivisionError):
            await take_turn(store, hello(2))
    tracker = await store.retrieve("a")
    assert tracker.get_slot("count") == 1.0 and len(tracker.events) == 5


async def test_a_tracker_changed_after_it_was_saved_is_read_again(new_store):
    store = new_store()
    tracker = await take_turn(store, [*session(), *hello(1)])
    tracker.update(SlotSet("count", 99.0))  # as Rasa's API does with one it only shows
    assert (await store.retrieve("a")).get_slot("count") == 1.0


async def test_a_tracker_can_be_saved_twice(new_store):
    store = new_store()
    tracker = await take_turn(store, [*session(), *hello(1)])
    tracker.update_with_events(hello(2), DOMAIN)
    await store.save(tracker)
    await store.save(tracker)
    assert len((await store.retrieve_full_tracker("a")).events) == 9


async def test_who_writes_without_the_lock_is_noticed(new_store):
    first, second = new_store(), new_store()
    await take_turn(first, [*session(), *hello(1)])
    slow, quick = await first.retrieve("a"), await second.retrieve("a")
    for tracker, store, n in ((quick, second, 2), (slow, first, 3)):
        tracker.update_with_events(hello(n), DOMAIN)
        await store.save(tracker)
    seen = [await store.retrieve("a") for store in (first, second)]
    assert [[e.text for e in t.events if isinstance(e, UserUttered)] for t in seen] == [
        ["hello 1", "hello 2", "hello 3"]] * 2  # fmt: skip


async def test_a_new_session_forgets_what_rasa_forgets(new_store):
    store = new_store()
    for n in range(30):
        await take_turn(store, hello(n))
    await take_turn(store, [*session(), SlotSet("product", "L3")])
    for one in (store, new_store()):
        tracker = await one.retrieve("a")
        assert tracker.get_slot("count") is None and tracker.get_slot("product") == "L3"
        assert isinstance(tracker.events[0], SessionStarted)
    assert len((await store.retrieve_full_tracker("a")).events) == 94


async def test_a_deleted_conversation_is_gone_from_memory_too(new_store):
    store = new_store()
    for n in range(30):
        await take_turn(store, hello(n))
    await take_turn(store, hello(1), "b")
    with store.engine.begin() as connection:
        rows.delete(connection, "a")
        assert rows.snapshot(connection, "a") is None and rows.conversations(connection) == ["b"]
    assert await store.retrieve("a") is None and not await store.exists("a")
    await take_turn(store, [*session(), *hello(1)])
    assert (await new_store().retrieve("a")).get_slot("count") == 1.0


async def test_conversations_beyond_the_cache_are_read_again(new_store, monkeypatch):
    monkeypatch.setattr("kefu.stores.tracker_store._LIVE", 2)
    store = new_store()
    for sender in "abcd":
        await take_turn(store, [*session(), *hello(1)], sender)
    assert list(store._live) == ["c", "d"]
    assert all([(await store.retrieve(sender)).get_slot("count") == 1.0 for sender in "abcd"])
    assert sorted(await store.keys()) == list("abcd")


async def test_another_model_reads_its_own_slots(new_store):
    store = new_store()
    await take_turn(store, [*session(), *hello(1)])
    store.domain = type(DOMAIN).from_yaml("slots: {count: {type: any, mappings: [{type: custom}]}}")
    assert set((await store.retrieve("a")).slots) & {"count", "product"} == {"count"}


async def test_a_turn_that_outlives_its_model_does_not_bring_the_old_slots_back(new_store):
    store = new_store()
    await take_turn(store, [*session(), *hello(1)])
    before, during = await store.retrieve("a"), asyncio.create_task(take_turn(store, hello(2), "b"))
    await asyncio.sleep(0)
    store.domain = type(DOMAIN).from_yaml("slots: {count: {type: any, mappings: [{type: custom}]}}")
    before.update_with_events(hello(3), None)
    await store.save(before)
    await during
    for sender, n in (("a", 3.0), ("b", 2.0)):
        tracker = await store.retrieve(sender)
        assert "product" not in tracker.slots and tracker.get_slot("count") == n


async def test_nothing_blocks_the_event_loop_while_the_database_is_locked(new_store):
    store = new_store()
    await take_turn(store, [*session(), *hello(1)])
    other = store.engine.connect()
    other.exec_driver_sql("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(take_turn(store, hello(2)))
    for _ in range(20):
        await asyncio.sleep(0.005)  # would not come back
    assert not waiting.done()
    other.exec_driver_sql("ROLLBACK")
    other.close()
    await waiting
    assert (await store.retrieve("a")).get_slot("count") == 2.0


async def test_the_event_broker_hears_of_each_event_once(new_store):
    class Broker(EventBroker):
        heard: list = []

        def publish(self, event):
            self.heard.append((event["sender_id"], event["event"]))

    store = new_store(event_broker=Broker())
    await take_turn(store, hello(1))
    await take_turn(store, hello(2))
    assert Broker.heard == [("a", kind) for kind in ("user", "slot", "action")] * 2


async def test_rasas_agent_works_with_it_as_with_its_own(new_store):
    store = new_store()
    assert check_if_tracker_store_async(store)
    agent = Agent(domain=DOMAIN, tracker_store=store)
    tracker = await agent.tracker_store.get_or_create_tracker("b", append_action_listen=False)
    tracker.update_with_events([*session(), *hello(1)], DOMAIN)
    await agent.tracker_store.save(tracker)
    assert (await agent.tracker_store.retrieve("b")).get_slot("count") == 1.0
    assert await agent.tracker_store.exists("b") and not await agent.tracker_store.exists("c")


async def test_a_row_that_no_rasa_knows_is_passed_over(new_store):
    store = new_store()
    await take_turn(store, [*session(), *hello(1)])
    with store.engine.begin() as connection:
        strange = {"sender_id": "a", "type_name": "x", "data": "{}"}
        connection.execute(insert(rows.EVENTS), [strange])
    await take_turn(store, hello(2))
    assert (await new_store().retrieve("a")).get_slot("count") == 2.0


def test_several_processes_that_start_at_once_create_the_tables_without_a_word(tmp_path):
    start = (
        "from kefu.stores.tracker_store import KefuTrackerStore as Store\n"
        "import sys; print('ready', flush=True); sys.stdin.readline(); Store()"
    )
    environ = environment() | {"KEFU_VAR_DIR": str(tmp_path), "PYTHONWARNINGS": "ignore"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen([sys.executable, "-c", start], env=environ, **pipes) for _ in range(3)]
    assert [process.stdout.readline() for process in processes] == ["ready\n"] * 3
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60) for process in processes]
    assert not any("Could not create" in text for both in said for text in both)
    assert [process.returncode for process in processes] == [0, 0, 0]
