"""Webhooks over real HTTP: what happens in the company arrives at its other systems, signed, once it can."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from sqlalchemy import select, update

from kefu import db
from kefu.config import settings
from kefu.db import session_scope, utcnow
from kefu.events import Event
from kefu.webhooks import service
from kefu.webhooks.models import Delivery, Subscription
from kefu.webhooks.sender import Sender
from tests import console as people
from tests.callers import token
from tests.receiver import Receiver, is_genuine

SECONDS = 30


@pytest.fixture
def inside(tmp_path, monkeypatch):
    """An installation of its own that may send to this machine; gives its folder."""
    monkeypatch.setenv("KEFU_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("KEFU_WEBHOOK_PRIVATE", "1")
    forget()
    db.migrate()
    yield tmp_path
    monkeypatch.undo()
    forget()


def forget() -> None:
    """Makes settings and engine be made anew from the environment."""
    if db.engine.cache_info().currsize:
        db.engine().dispose()
    settings.cache_clear()
    db.engine.cache_clear()


def subscribe(url: str, *kinds: str) -> Subscription:
    with session_scope() as session:
        return service.subscribe(session, url, kinds or ("ticket.*",))


def states() -> list[tuple[str, int]]:
    with session_scope() as session:
        return [(one.state, one.tries) for one in session.scalars(select(Delivery).order_by(Delivery.id))]


def hurry() -> None:
    """Lets all that waits for another try be tried now."""
    with session_scope() as session:
        session.execute(update(Delivery).values(next_at=utcnow()))
        session.execute(update(Subscription).values(next_at=None))


def nothing_is_pending() -> bool:
    with session_scope() as session:
        return session.scalar(select(Event.id).where(Event.pending.is_not(None))) is None


async def until(condition) -> None:
    deadline = time.monotonic() + SECONDS
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline, states()
        await asyncio.sleep(0.05)


class at_work:
    """Senders, each as in a process of its own, as long as the block lasts."""

    def __init__(self, *senders: Sender) -> None:
        self._senders = senders or (Sender(),)

    async def __aenter__(self) -> None:
        self._tasks = [asyncio.create_task(sender.forever()) for sender in self._senders]

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def test_a_vain_try_is_repeated_with_the_same_id_and_body_and_a_new_signature(inside):
    answers = iter([500, 204])
    with Receiver(lambda: next(answers)) as crm:
        secret = subscribe(crm.url).secret
        number = people.ticket(people.customer("a"))
        async with at_work():
            await until(lambda: states() == [("due", 1)])
            hurry()
            await until(lambda: states() == [("sent", 2)])
        (first, body), (second, again) = crm.calls
        assert body == again and first["webhook-id"] == second["webhook-id"] == crm.bodies[0]["id"]
        assert all(is_genuine(secret, headers, body) for headers in (first, second))
        assert crm.bodies[0]["data"]["ticket"] == number and crm.kinds[0] == "ticket.opened"


@pytest.mark.parametrize("status", [302, 404, 503])
async def test_what_is_no_success_counts_as_a_vain_try_and_no_redirect_is_followed(inside, status):
    with Receiver() as elsewhere, Receiver(lambda: (status, {"Location": elsewhere.url})) as crm:
        subscribe(crm.url)
        people.ticket(people.customer("a"))
        async with at_work():
            await until(lambda: states() == [("due", 1)])
        assert elsewhere.calls == []
    with session_scope() as session:
        assert session.scalar(select(Delivery.status)) == status


async def test_who_is_gone_is_told_nothing_more(inside):
    with Receiver(lambda: 410) as crm:
        some = subscribe(crm.url)
        people.ticket(people.customer("a"))
        async with at_work():
            await until(lambda: states() == [("failed", 1)])
            people.ticket(people.customer("b"))
            await until(nothing_is_pending)
        assert len(crm.calls) == len(states()) == 1
    with session_scope() as session:
        assert service.get(session, some.id).ended == "gone"


async def test_a_slow_receiver_holds_up_no_other_and_is_not_waited_for(inside):
    released = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slowly() -> int:
        asyncio.run_coroutine_threadsafe(released.wait(), loop).result(SECONDS)
        return 204

    with Receiver(slowly) as slow, Receiver() as quick:
        subscribe(slow.url)
        subscribe(quick.url)
        for name in "abc":
            people.ticket(people.customer(name))
        async with at_work(Sender(seconds=3)):
            await asyncio.to_thread(slow.wait, 1)
            assert len(await asyncio.to_thread(quick.wait, 3)) == 3
            await until(lambda: ("due", 1) in states())
        released.set()
    tried = select(Delivery.error).where(Delivery.tries == 1, Delivery.state == "due")
    with session_scope() as session:
        assert session.scalars(tried).all() == ["timeout"]


async def test_nobody_there_is_a_vain_try_too(inside):
    with Receiver() as crm:
        url = crm.url
    subscribe(url)
    people.ticket(people.customer("a"))
    async with at_work():
        await until(lambda: states() == [("due", 1)])


async def test_two_senders_send_everything_once_and_in_order(inside):
    with Receiver() as crm:
        subscribe(crm.url)
        numbers = [people.ticket(people.customer(str(i))) for i in range(12)]
        async with at_work(Sender(), Sender(), Sender()):
            await asyncio.to_thread(crm.wait, 12)
            await until(lambda: {state for state, _ in states()} == {"sent"})
        assert [body["data"]["ticket"] for body in crm.bodies] == numbers
        assert {tries for _, tries in states()} == {1}


async def test_a_sender_that_ends_leaves_its_work_to_the_next(inside):
    with Receiver(lambda: 204) as crm:
        subscribe(crm.url)
        people.ticket(people.customer("a"))
        async with at_work():
            await asyncio.to_thread(crm.wait, 1)
        people.ticket(people.customer("b"))
        async with at_work():
            await until(lambda: [state for state, _ in states()] == ["sent", "sent"])
        assert sorted(set(body["data"]["customer"] for body in crm.bodies)) == sorted(
            people.customer(name).id for name in "ab"
        )


async def test_nothing_is_sent_inside_the_network_without_leave_even_by_a_name(inside, monkeypatch):
    with Receiver() as crm:
        by_number = subscribe(crm.url)
        by_name = subscribe(crm.url.replace("127.0.0.1", "ip6-localhost.example"))
        monkeypatch.setenv("KEFU_WEBHOOK_PRIVATE", "0")
        settings.cache_clear()
        resolved = [(2, 1, 6, "", ("127.0.0.1", int(crm.url.split(":")[2].split("/")[0])))]
        monkeypatch.setattr("kefu.webhooks.addresses.socket.getaddrinfo", lambda *_: resolved)
        people.ticket(people.customer("a"))
        async with at_work():
            await until(lambda: states() == [("due", 1)] * 2)
        assert crm.calls == []
    with session_scope() as session:
        kept = dict(session.execute(select(Delivery.subscription_id, Delivery.error)).all())
    assert kept == dict.fromkeys((by_number.id, by_name.id), "address_private")


def test_a_console_process_serves_the_api_and_sends_over_a_restart(inside):
    people.says(people.customer("li"), "门锁打不开")
    headers = {"Authorization": f"Bearer {token()}"}
    new = {"customer": people.customer("li").id, "kind": "repair", "description": "L3 指纹失灵"}
    with Receiver() as crm:
        with process(inside) as running, httpx.Client(base_url=running, headers=headers, timeout=20) as api:
            made = api.post("/webhooks", json={"url": crm.url, "kinds": ["ticket.*", "handoff.*"]}).json()
            opened = api.post("/tickets", json=new, headers={"Idempotency-Key": "1"}).json()
            api.post(f"/webhooks/{made['id']}/test")
            crm.wait(2)
        people.ticket(people.customer("li"), "又坏了")  # while nobody sends
        with process(inside) as running, httpx.Client(base_url=running, headers=headers, timeout=20) as api:
            crm.wait(3)
            again = api.post("/tickets", json=new, headers={"Idempotency-Key": "1"})
            log = api.get(f"/webhooks/{made['id']}/deliveries").json()["deliveries"]
    assert again.json()["number"] == opened["number"] and again.headers["Idempotency-Replayed"] == "true"
    assert sorted(crm.kinds) == ["ticket.opened", "ticket.opened", "webhook.tested"] and len(log) == 3
    assert all(is_genuine(made["secret"], *call) for call in crm.calls)
    printed = (inside / "console.log").read_text()
    assert "kefu_" not in printed and "指纹" not in printed


@contextmanager
def process(folder) -> Iterator[str]:
    """A console process; gives where its open API is."""
    running = people.Console(folder, KEFU_WEBHOOK_PRIVATE="1").start()
    try:
        yield f"{running.url}/api/v1"
    finally:
        running.stop()
