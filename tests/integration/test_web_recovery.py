"""The web channel through failures: a killed process, a broken bot, a broken database."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import uuid
from pathlib import Path

import aiohttp
from sqlalchemy.exc import OperationalError

from tests.web_server import EchoBot, Page, serving

ROOT = Path(__file__).resolve().parents[2]


async def test_a_message_stored_but_not_answered_is_answered_after_a_restart_once(tmp_path):
    dead = EchoBot(seconds=60)
    async with serving(dead, tmp_path / "kefu.db") as (url, channel):
        page = await Page.visit(url)
        await page.say("one")
        await page.say("two")
        await page.until(lambda: dead.asked)
        channel._hub.turns.stop = _at_once(channel._hub.turns)
    alive = EchoBot()
    async with serving(alive, tmp_path / "kefu.db") as (url, _):
        page.url = url
        await page.connect()
        await page.until(lambda: page.bot_texts() == ["echo: one", "echo: two"])
        assert alive.texts == ["one", "two"] and dead.texts == ["one"]
        await page.close()
    again = EchoBot()
    async with serving(again, tmp_path / "kefu.db") as (url, _):
        await asyncio.sleep(0.5)
        assert again.texts == []


def _at_once(turns):
    stop = turns.stop

    async def stop_now(grace: float = 0) -> None:
        await stop(grace=0.01)

    return stop_now


async def test_of_a_turn_that_is_cut_nothing_is_seen_and_it_is_answered_anew(tmp_path):
    begun = asyncio.Event()

    async def half(message):
        await message.output_channel.send_response(message.sender_id, {"text": "half"})
        begun.set()
        await asyncio.sleep(60)

    async with serving(half, tmp_path / "kefu.db") as (url, channel):
        page = await Page.visit(url)
        await page.say("one")
        await begun.wait()
        channel._hub.turns.stop = _at_once(channel._hub.turns)
    alive = EchoBot()
    async with serving(alive, tmp_path / "kefu.db") as (url, _):
        page.url = url
        await page.connect()
        await page.say("two")
        await page.until(lambda: page.bot_texts() == ["echo: one", "echo: two"])
        assert alive.texts == ["one", "two"]
        await page.close()


async def test_a_bot_that_always_fails_ends_in_an_honest_notice_and_the_next_message_is_answered(tmp_path):
    bot = EchoBot()

    async def fails_on_bad(message):
        if message.text == "bad":
            bot.asked.append(message)
            raise RuntimeError("broken")
        await bot(message)

    async with serving(fails_on_bad, tmp_path / "kefu.db") as (url, _):
        page = await Page.visit(url)
        await page.say("bad")
        await page.say("good")
        await page.until(lambda: len(page.bot_texts()) == 2)
        assert bot.texts == ["bad"] * 3 + ["good"]
        notice, answer = (m for _, m in sorted(page.shown.items()) if m["from"] == "bot")
        assert (notice["notice"], notice["reply_to"]) == ("not_answered", 1)
        assert answer["text"] == "echo: good"
        await page.close()


async def test_a_turn_without_a_word_is_tried_again(tmp_path):
    calls = []

    async def silent_once(message):
        calls.append(message.text)
        if len(calls) > 1:
            await message.output_channel.send_response(message.sender_id, {"text": "at last"})

    async with serving(silent_once, tmp_path / "kefu.db") as (url, _):
        page = await Page.visit(url)
        await page.say("hi")
        await page.until(lambda: page.bot_texts() == ["at last"])
        assert calls == ["hi", "hi"]
        await page.close()


async def test_a_turn_that_hangs_is_cut_and_tried_again(tmp_path):
    calls = []

    async def hangs_once(message):
        calls.append(message.text)
        await asyncio.sleep(60 if len(calls) == 1 else 0)
        await message.output_channel.send_response(message.sender_id, {"text": "at last"})

    async with serving(hangs_once, tmp_path / "kefu.db", turn_seconds=0.3) as (url, _):
        page = await Page.visit(url)
        await page.say("hi")
        await page.until(lambda: page.bot_texts() == ["at last"])
        assert len(calls) == 2
        await page.close()


async def test_while_the_database_fails_nothing_is_acknowledged_and_then_the_resend_is_taken(tmp_path):
    bot = EchoBot()
    async with serving(bot, tmp_path / "kefu.db") as (url, channel):
        page = await Page.visit(url)
        accept = channel._hub.ledger.accept

        def broken(*_):
            raise OperationalError("insert", {}, Exception("disk full"))

        channel._hub.ledger.accept = broken
        id = str(uuid.uuid4())
        reply = await page.say("hi", id)
        assert (reply["error"]["code"], reply["error"]["retry_after"]) == ("unavailable", 3)
        channel._hub.ledger.accept = accept
        assert (await page.say("hi", id))["ok"]
        await page.until(lambda: bot.texts == ["hi"])
        await page.close()


async def test_two_processes_on_one_database_answer_each_message_once(tmp_path):
    bots = EchoBot(0.02), EchoBot(0.02)
    async with serving(bots[0], tmp_path / "kefu.db") as (url, _):
        async with serving(bots[1], tmp_path / "kefu.db") as (other_url, _):
            page = await Page.visit(url)
            other = await Page.visit(other_url, page.token)
            for n in range(6):
                await (page if n % 2 else other).say(str(n))

            async def answered():
                return [m for m in (await page.ask("updates", after=0))["messages"] if m["from"] == "bot"]

            for _ in range(200):
                if len(await answered()) == 6:
                    break
                await asyncio.sleep(0.05)
            assert [m["text"] for m in await answered()] == [f"echo: {n}" for n in range(6)]
            assert sorted(bots[0].texts + bots[1].texts) == [str(n) for n in range(6)]
            await page.close()
            await other.close()


async def test_a_server_killed_in_the_middle_of_a_turn_answers_once_when_it_is_back(tmp_path):
    port = _free_port()
    server = await _start(port, tmp_path / "kefu.db")
    try:
        page = await Page.visit(f"http://127.0.0.1:{port}")
        assert (await page.say("before the kill"))["ok"]  # acknowledged; the bot thinks for 0.6 s
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
        server = await _start(port, tmp_path / "kefu.db")
        await page.connect()
        seen = (await page.ask("hello", after=1))["messages"]
        await page.until(lambda: len([*seen, *page.shown.values()]) >= 2)
        await asyncio.sleep(1)
        messages = (await page.ask("updates", after=0))["messages"]
        assert [m["from"] for m in messages] == ["customer", "bot"]
        await page.close()
    finally:
        server.kill()
        server.wait()


def _free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


async def _start(port, database):
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.web_server", str(port), str(database)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    async with aiohttp.ClientSession() as http:
        for _ in range(300):
            try:
                async with http.get(f"http://127.0.0.1:{port}/chat/health") as answer:
                    if answer.status == 200:
                        return server
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
    raise AssertionError("the server did not start")
