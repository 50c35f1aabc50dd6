"""Rasa killed with its hands full: what was sent over three channels is answered once, in order."""

import asyncio
import contextlib
import json
import sqlite3
from collections import Counter

from simulators.wechat.platform import Platform
from simulators.wechat.server import serving as serving_wechat
from tests.app_client import ENVIRON
from tests.crowd import Book, OnPage, OnPhone, OnWeChat
from tests.e2e.assistant import Assistant
from tests.wechat_server import SAFE, simulated

#: Each is answered with one bubble.
EACH = ["谢谢", "你是机器人吗", "非常感谢", "你是真人吗"]
CUSTOMERS = {OnPage: 17, OnPhone: 17, OnWeChat: 16}
ALL = sum(CUSTOMERS.values()) * len(EACH)


def handled(path):
    """How often Rasa keeps each customer's message."""
    with contextlib.closing(sqlite3.connect(path, timeout=10)) as database:
        rows = database.execute("SELECT sender_id, data FROM events WHERE type_name = 'user'").fetchall()
    return Counter((sender, json.loads(data)["message_id"]) for sender, data in rows)


async def test_two_hundred_messages_in_flight_are_answered_once_in_order_though_rasa_is_killed(
    trained_model, tmp_path
):
    account = simulated.Account(SAFE.appid, SAFE.secret, SAFE.token, SAFE.aes_key)
    platform = Platform(account, "")
    async with serving_wechat(platform) as api:
        names = ("appid", "secret", "token", "aes_key")
        wechat = {f"KEFU_WECHAT_{name.upper()}": getattr(SAFE, name) for name in names}
        wechat["KEFU_WECHAT_API_URL"] = api
        assistant = Assistant(trained_model, tmp_path, **ENVIRON, **wechat)
        platform.callback = f"{assistant.url}/wechat/callback"
        book = Book(tmp_path / "kefu.db")
        await asyncio.to_thread(assistant.load_knowledge)
        try:
            await asyncio.to_thread(assistant.start, "actions", "rasa")
            crowd = [
                kind(platform if kind is OnWeChat else assistant.url, number)
                for kind, count in CUSTOMERS.items()
                for number in range(count)
            ]
            saying = asyncio.gather(*(one.say(EACH) for one in crowd))
            # WeChat gives up after three tries, so its messages have to be in; page and app go on sending.
            of_wechat = CUSTOMERS[OnWeChat] * len(EACH)
            await book.until(lambda: book.stored("wechat") == of_wechat and book.counts()[1] > 10, 60)
            await asyncio.to_thread(assistant.kill, "rasa")
            stored, answered = book.counts()
            assert stored > answered, "it was killed with nothing to do"
            await asyncio.to_thread(assistant.start, "rasa")
            await asyncio.wait_for(saying, 120)
            await book.until(lambda: book.counts() == (ALL, ALL), 120)
            for one in crowd:
                if not isinstance(one, OnWeChat):  # which is told several bubbles in one message
                    assert len(await one.shown()) == len(EACH), (one.channel, one.number)
                await one.close()
        finally:
            await asyncio.to_thread(assistant.stop)
    asked, answers = book.asked(), book.answers()
    for conversation, numbers in asked.items():
        assert [reply_to for reply_to, _ in answers[conversation]] == numbers, conversation
    assert len(asked) == len(crowd)
    times = handled(tmp_path / "tracker.db")
    assert len(times) == ALL and set(times.values()) == {1}
