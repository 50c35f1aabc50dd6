"""The benchmark of turns lengthens conversations as they would have become."""

from __future__ import annotations

from bench.turn_servers import System, median, quantile
from bench.turns import _goals
from kefu.config import settings
from kefu.stores.tracker_store import KefuTrackerStore
from tests.unit.test_stores_tracker_store import hello, new_store, session, take_turn  # noqa: F401
from tests.unit.test_stores_window import DOMAIN


async def test_a_conversation_is_repeated_as_it_would_have_been_stored(new_store, tmp_path):  # noqa: F811
    store = new_store()
    await take_turn(store, [*session(), *hello(1)])
    await take_turn(store, hello(2))
    system = System("ours", tmp_path / "model.tar.gz", settings().var_dir)
    assert system.repeat("a", "long", 100) == 303 and system.repeat("a", "old", 100, per_session=20) == 315
    long, old = [await KefuTrackerStore(domain=DOMAIN).retrieve(sender) for sender in ("long", "old")]
    assert long.get_slot("count") == old.get_slot("count") == 2.0
    assert len((await store.retrieve_full_tracker("long")).events) == 303
    assert sum(event.type_name == "user" for event in old.events) == 20


def test_quantiles_are_values_that_were_measured():
    assert (median([3, 1, 2]), quantile([1, 2, 3, 4], 0.95), median([])) == (2, 4, 0)


def test_goals_are_set_against_stock_only_where_it_was_measured():
    ours = {
        "ms, action turn": 12.0, "ms, rule turn": 10.0, "ms, second of two at once": 18.0,
        "s, start to ready": 10.0, "CPU ms per turn, 1 customers": 10.0, "MB, Rasa server": 500.0,
        "turns/s, 16 customers": 90.0,
    }  # fmt: skip
    alone = _goals({"ours": ours})
    assert [goal.ok for goal in alone] == [True, True]
    stock = {key: value * 2 for key, value in ours.items()} | {"turns/s, 16 customers": 30.0}
    goals = {goal.name: goal.ok for goal in _goals({"ours": ours, "stock": stock})}
    assert (
        goals["turns/s, 16 customers, ours / stock"]
        and not goals["CPU ms per turn, 1 customers, ours / stock"]
    )
