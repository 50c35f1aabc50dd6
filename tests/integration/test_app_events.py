"""The app over real HTTP: messages go up, events come down, and nothing is lost or doubled between."""

import asyncio
import uuid

import aiohttp
import pytest

from tests.app_client import Phone, login
from tests.app_server import serving_app
from tests.web_server import EchoBot, Page


@pytest.fixture
def bot():
    return EchoBot()


@pytest.fixture
def database(tmp_path):
    return tmp_path / "kefu.db"


@pytest.fixture
async def server(bot, database):
    async with serving_app(bot, database) as url:
        yield url


@pytest.fixture
async def phone(server):
    async with Phone(server, login("anna")) as phone:
        yield phone


async def test_a_message_is_answered_and_its_way_is_told(phone, bot):
    bot.seconds = 0.5
    await phone.follow()
    await phone.until(lambda: phone.told("thread"))
    reply = await phone.say("hi")
    await phone.until(lambda: {"on": False} in phone.told("typing"))
    assert (reply["ok"], reply["seq"]) == (True, 1)
    kinds = [(kind, data.get("state") or data.get("on")) for kind, data in phone.events]
    assert kinds == [
        ("thread", None),
        ("message", "received"),
        ("receipt", "processing"),
        ("typing", True),
        ("message", None),
        ("receipt", "answered"),
        ("typing", False),
    ]
    assert phone.bot_texts() == ["echo: hi"]
    assert {data["thread"] for _, data in phone.events if "thread" in data} == {reply["thread"]}


async def test_a_message_sent_twice_is_answered_once(phone, bot):
    await phone.follow()
    id = str(uuid.uuid4())
    first, second = await phone.say("hi", id), await phone.say("hi", id)
    assert first == second
    await phone.say("bye")
    await phone.until(lambda: phone.bot_texts() == ["echo: hi", "echo: bye"])
    assert bot.texts == ["hi", "bye"]


async def test_a_phone_that_was_away_gets_what_it_missed_and_nothing_twice(phone):
    await phone.follow()
    await phone.say("one")
    await phone.until(lambda: len(phone.bot_texts()) == 1)
    await phone.pause()
    for text in ("two", "three"):
        await phone.say(text)
    await phone.follow()
    await phone.until(lambda: phone.bot_texts() == ["echo: one", "echo: two", "echo: three"])
    assert [data["seq"] for data in phone.told("message")] == [1, 2, 3, 4, 5, 6]
    assert len(phone.told("thread")) == 1


async def test_more_than_a_page_is_caught_up_completely(phone, database, monkeypatch):
    monkeypatch.setattr("kefu.channels.app_streams._CATCH_UP", 2)
    await phone.follow()
    await phone.say("one")
    await phone.until(lambda: len(phone.bot_texts()) == 1)
    await phone.pause()
    for number in range(4):
        await phone.say(str(number))
    await phone.until(lambda: True)
    await phone.follow()
    await phone.until(lambda: len(phone.bot_texts()) == 5)
    assert [data["seq"] for data in phone.told("message")] == list(range(1, 11))


async def test_a_server_that_stops_ends_the_stream_and_the_phone_goes_on_at_the_next(database, bot):
    async with serving_app(bot, database) as url:
        phone = Phone(url, login("anna"))
        await phone.follow()
        await phone.say("one")
        await phone.until(lambda: len(phone.bot_texts()) == 1)
    async with serving_app(bot, database) as url:
        phone.url = url
        await phone.say("two")
        await phone.until(lambda: phone.bot_texts() == ["echo: one", "echo: two"])
        await phone.close()


async def test_two_servers_on_one_database_show_the_same_whichever_is_asked(server, database, phone):
    async with serving_app(EchoBot(), database) as other, Phone(other, login("anna")) as tablet:
        await phone.follow()
        await tablet.follow()
        for text in ("one", "two"):
            await phone.say(text)
        await tablet.until(lambda: len(tablet.shown) == 4)
        await phone.until(lambda: phone.shown == tablet.shown or len(phone.shown) == 4)
        assert sorted(phone.shown) == sorted(tablet.shown)
        await tablet.until(lambda: {"answered"} <= {r["state"] for r in tablet.told("receipt")})
        await tablet.seen(4)
        await phone.until(lambda: {"seq": 4, "state": "read"}.items() <= phone.told("receipt")[-1].items())


async def test_receipts_reach_the_customers_other_devices(server, phone):
    async with Phone(server, login("anna")) as tablet:
        await phone.follow()
        await phone.say("hi")
        await phone.until(lambda: phone.bot_texts())
        await tablet.follow()
        assert (await phone.seen(2, "delivered"))["ok"] and (await phone.seen(2))["ok"]
        for device in (phone, tablet):
            await device.until(lambda d=device: "read" in [r["state"] for r in d.told("receipt")])
        assert [r["state"] for r in phone.told("receipt") if r["seq"] == 2] == ["delivered", "read"]


async def test_what_is_said_on_the_page_of_another_customer_never_shows(server, phone):
    await phone.follow()
    page = await Page.visit(server)
    await page.say("secret")
    await page.until(page.bot_texts)
    async with Phone(server, login("bob")) as bob:
        await bob.follow()
        await bob.say("mine")
        await bob.until(lambda: bob.bot_texts())
        assert bob.bot_texts() == ["echo: mine"]
    assert phone.shown == {}
    await page.close()


async def test_a_stream_ends_with_its_login(server):
    async with Phone(server, login("anna", seconds=-29)) as phone:  # 30 s of leeway, of which one is left
        async with phone._http.get(f"{server}/app/v1/events", headers=_bearer(phone)) as answer:
            assert answer.status == 200
            await asyncio.wait_for(answer.read(), 5)
        assert (await phone.call("GET", "/messages"))[0] == 401


async def test_a_further_device_than_allowed_ends_the_oldest_stream(server, phone):
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        opened = [await http.get(f"{server}/app/v1/events", headers=_bearer(phone)) for _ in range(6)]
        assert b"retry" in await opened[0].read()
        for answer in opened:
            answer.close()


def _bearer(phone):
    return {"Authorization": f"Bearer {phone.token}"}
