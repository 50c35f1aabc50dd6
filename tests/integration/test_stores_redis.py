"""Several processes share their locks through a real Redis."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import pytest
from rasa.core.lock_store import LockError

from kefu.config import ROOT, settings
from kefu.stores.lock_store import KefuLockStore
from kefu.stores.redis_locks import RedisLocks
from tests import redis_server
from tests.unit.test_stores_lock_store import (  # noqa: F401
    test_a_failed_turn_lets_the_next_begin,
    test_conversations_do_not_wait_for_each_other,
    test_later_holders_have_higher_numbers,
    test_who_gives_up_waiting_is_passed_over,
    work,
)

#: A process that does its turns on one conversation and writes down when.
WORKER = """
import asyncio, sys
from kefu.stores.redis_locks import RedisLocks

async def main(url, log, who, turns):
    locks = RedisLocks(url, alive=1.0)
    for _ in range(int(turns)):
        async with locks.hold("shared", 60) as number:
            with open(log, "a") as file:
                file.write(f"{who} {number} begins\\n"); file.flush()
                await asyncio.sleep(0.005)
                file.write(f"{who} {number} ends\\n")
            if turns == "1":
                print("holds", flush=True)
                await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def url():
    program = redis_server.find()
    if not program:
        pytest.skip(redis_server.MISSING)
    with redis_server.server(program) as url:
        yield url


@pytest.fixture
async def locks(url):
    locks = RedisLocks(url, alive=1.0)
    yield locks
    await locks.close()


def start(url, log, who, turns):
    command = [sys.executable, "-c", WORKER, url, str(log), who, str(turns)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


async def come(locks, log, who, seconds=0.01, name="a"):
    """Begins to wait, and gives time to be in the queue."""
    task = asyncio.create_task(work(locks, log, who, name, seconds))
    await asyncio.sleep(0.05)
    return task


async def test_who_comes_first_is_served_first_whatever_the_process(url, locks):
    other, log = RedisLocks(url, alive=1.0), []
    tasks = [await come(locks if n % 2 else other, log, n, 0.1) for n in range(6)]
    await asyncio.gather(*tasks)
    assert log == [f"{n} {what}" for n in range(6) for what in ("begins", "ends")]
    await other.close()


async def test_the_next_is_woken_and_does_not_sleep(locks):
    first = await come(locks, [], "first", 0.2)
    second = await come(locks, [], "second", 0)
    await first
    started = time.monotonic()
    await second
    assert time.monotonic() - started < 0.15


def test_three_processes_never_work_on_one_conversation_at_once(url, tmp_path):
    log = tmp_path / "log"
    workers = [start(url, log, who, 60) for who in ("x", "y", "z")]
    assert [worker.wait(120) for worker in workers] == [0, 0, 0]
    lines = [line.split() for line in log.read_text().splitlines()]
    assert len(lines) == 360
    numbers = []
    for begins, ends in zip(lines[::2], lines[1::2], strict=True):
        assert (begins[2], ends[2]) == ("begins", "ends") and begins[:2] == ends[:2]
        numbers.append(int(begins[1]))
    assert numbers == sorted(numbers)
    # Fair: while all three were there, none was served three times in a row.
    served = [line[0] for line in lines[::2]]
    last_of = min(max(i for i, who in enumerate(served) if who == one) for one in "xyz")
    first_of = max(served.index(one) for one in "xyz")
    together = served[first_of:last_of]
    assert not any(len(set(together[i : i + 3])) == 1 for i in range(len(together) - 3))


async def test_a_dead_process_blocks_nobody_for_long(url, locks, tmp_path):
    dead = start(url, tmp_path / "log", "dead", 1)
    assert dead.stdout.readline() == "holds\n"
    log = []
    waiting = await come(locks, log, "waiting", name="shared")
    dead.kill()
    dead.wait()
    started = time.monotonic()
    await asyncio.wait_for(waiting, 5)
    assert log == ["waiting begins", "waiting ends"] and time.monotonic() - started < 3


async def test_a_living_holder_is_waited_for_however_long_it_takes(locks):
    log = []
    slow = await come(locks, log, "slow", 2.5)  # more than twice what a dead one gets
    await asyncio.gather(slow, await come(locks, log, "next"))
    assert log == ["slow begins", "slow ends", "next begins", "next ends"]


async def test_who_stood_still_too_long_takes_the_lock_from_nobody(url, locks):
    log = []

    async def stand_still():
        async with locks.hold("a", 60):
            log.append("still")
            (place,) = [key async for key in locks._redis().scan_iter("kefu:lock:{a}:alive:*")]
            await locks._redis().delete(place)  # as if it had shown no life
            await asyncio.sleep(0.3)

    still = asyncio.create_task(stand_still())
    await asyncio.sleep(0.05)
    other = RedisLocks(url, alive=1.0)
    second, third = (asyncio.create_task(work(other, log, who, seconds=0.5)) for who in ("second", "third"))
    await asyncio.gather(still, second, third)
    turns = [entry.split()[0] for entry in log[1:]]
    assert log[0] == "still" and sorted(turns[:2]) == [turns[0]] * 2 and turns[2] == turns[3] != turns[0]
    await other.close()


async def test_nothing_is_left_in_redis_but_the_number(locks):
    await work(locks, [], "once", name="clean")
    keys = [key async for key in locks._redis().scan_iter("kefu:lock:{clean}:*")]
    assert keys == [b"kefu:lock:{clean}:number"] and await locks._redis().ttl(keys[0]) > 0


async def test_an_absent_redis_is_a_lock_error():
    with pytest.raises(LockError, match="Redis"):
        async with RedisLocks("redis://127.0.0.1:1/0").hold("a", 60):
            pass


async def test_one_variable_moves_the_locks_to_redis(url, monkeypatch, tmp_path):
    monkeypatch.setenv("KEFU_REDIS_URL", url)
    monkeypatch.setenv("KEFU_VAR_DIR", str(tmp_path))
    settings.cache_clear()
    store = KefuLockStore()
    settings.cache_clear()
    async with store.lock("a") as number:
        assert number >= 1 and isinstance(store._locks, RedisLocks)
    await store._locks.close()
