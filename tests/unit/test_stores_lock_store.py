"""Turns of one conversation follow each other at once and in order; those of others do not wait."""

from __future__ import annotations

import asyncio
import time

import pytest
from rasa.core.lock_store import LockStore
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import EndpointConfig

from kefu.config import settings
from kefu.stores.local_locks import LocalLocks
from kefu.stores.lock_store import KefuLockStore


@pytest.fixture
def locks():
    return LocalLocks()


async def work(locks, log, who, name="a", seconds=0.01, lifetime=60):
    async with locks.hold(name, lifetime):
        log.append(f"{who} begins")
        await asyncio.sleep(seconds)
        log.append(f"{who} ends")


async def test_turns_of_one_conversation_follow_each_other_in_order(locks):
    log = []
    await asyncio.gather(*(work(locks, log, n) for n in range(20)))
    assert log == [f"{n} {what}" for n in range(20) for what in ("begins", "ends")]
    assert not locks._queues


async def test_the_next_begins_at_once(locks):
    started = time.monotonic()
    await asyncio.gather(*(work(locks, [], n, seconds=0.02) for n in range(5)))
    assert time.monotonic() - started < 0.3


async def test_conversations_do_not_wait_for_each_other(locks):
    log = []
    await asyncio.gather(work(locks, log, "slow", "a", 0.1), work(locks, log, "quick", "b", 0))
    assert log.index("quick ends") < log.index("slow ends")


async def test_a_failed_turn_lets_the_next_begin(locks):
    with pytest.raises(ZeroDivisionError):
        async with locks.hold("a", 60):
            raise ZeroDivisionError
    await asyncio.wait_for(work(locks, [], 1), 1)


async def test_who_gives_up_waiting_is_passed_over(locks):
    log = []
    first = asyncio.create_task(work(locks, log, "first", seconds=0.5))
    await asyncio.sleep(0)
    second, third = (asyncio.create_task(work(locks, log, who)) for who in ("second", "third"))
    await asyncio.sleep(0.01)
    assert locks.waiting("a") == 2
    second.cancel()
    await asyncio.wait([first, second, third])
    assert log == ["first begins", "first ends", "third begins", "third ends"]


async def test_who_is_cancelled_in_the_moment_of_its_turn_passes_it_on(locks):
    log = []
    first = asyncio.create_task(work(locks, log, "first", seconds=0.02))
    await asyncio.sleep(0)
    second, third = (asyncio.create_task(work(locks, log, who)) for who in ("second", "third"))
    await first  # the second's turn has begun, but it did not run yet
    second.cancel()
    await asyncio.wait_for(third, 1)
    assert log[2:] == ["third begins", "third ends"]


async def test_nobody_waits_for_ever_for_a_turn_that_hangs(locks):
    log = []
    hanging = asyncio.create_task(work(locks, log, "hanging", seconds=30, lifetime=0.1))
    await asyncio.sleep(0)
    await asyncio.wait_for(asyncio.gather(*(work(locks, log, n) for n in (1, 2))), 2)
    assert log == ["hanging begins", "1 begins", "1 ends", "2 begins", "2 ends"]
    hanging.cancel()


async def test_a_turn_that_outlived_its_lock_takes_it_from_nobody(locks):
    log = []
    late = asyncio.create_task(work(locks, log, "late", seconds=0.15, lifetime=0.05))
    await asyncio.sleep(0)
    following = [asyncio.create_task(work(locks, log, n, seconds=0.2)) for n in (1, 2)]
    await asyncio.gather(late, *following)
    assert log == ["late begins", "1 begins", "late ends", "1 ends", "2 begins", "2 ends"]


async def test_later_holders_have_higher_numbers(locks):
    numbers = []
    for name in ("a", "a", "a"):
        async with locks.hold(name, 60) as number:
            numbers.append(number)
    assert numbers == sorted(set(numbers))


async def test_rasa_makes_it_of_its_endpoint(monkeypatch, tmp_path):
    monkeypatch.setenv("KEFU_VAR_DIR", str(tmp_path))
    settings.cache_clear()
    store = LockStore.create(EndpointConfig(type="kefu.stores.lock_store.KefuLockStore"))
    settings.cache_clear()
    assert isinstance(store, KefuLockStore)
    log = []

    async def turn(n):
        async with store.lock("a"):
            log.append(n)
            await asyncio.sleep(0)
            log.append(n)

    await asyncio.gather(turn(1), turn(2))
    assert log == [1, 1, 2, 2] and not store.is_someone_waiting("a")


def test_several_workers_without_redis_are_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("KEFU_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("SANIC_WORKERS", "2")
    settings.cache_clear()
    with pytest.raises(RasaException, match="KEFU_REDIS_URL"):
        KefuLockStore()
    settings.cache_clear()
