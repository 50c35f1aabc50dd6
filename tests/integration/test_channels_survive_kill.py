"""A server killed with its hands full: what was sent over three channels is answered, once and in order."""

import asyncio
import os
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager

from kefu.config import ROOT
from kefu.run.servers import environment
from simulators.wechat.platform import Platform
from simulators.wechat.server import serving as serving_wechat
from tests.app_client import ENVIRON
from tests.crowd import Book, OnPage, OnPhone, OnWeChat
from tests.ports import free_ports
from tests.wechat_server import SAFE, simulated

EACH = ["甲", "乙", "丙", "丁"]
CUSTOMERS = {OnPage: 17, OnPhone: 17, OnWeChat: 16}
ALL = sum(CUSTOMERS.values()) * len(EACH)


@contextmanager
def running(port, database, environ):
    """The server, as a process of its own."""
    log = open(database.with_suffix(".log"), "ab")
    command = [sys.executable, "-m", "tests.channels_server", str(port), str(database)]
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        log.close()


async def healthy(port, seconds=60):
    def asks():
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/chat/health", timeout=2) as answer:
            return answer.status == 200

    for _ in range(int(seconds / 0.1)):
        try:
            return await asyncio.to_thread(asks)
        except OSError:
            await asyncio.sleep(0.1)
    raise AssertionError("the server does not start")


async def test_two_hundred_messages_in_flight_are_answered_once_in_order_though_the_server_is_killed(
    tmp_path,
):
    (port,), database = free_ports(1), tmp_path / "kefu.db"
    url, book = f"http://127.0.0.1:{port}", Book(database)
    account = simulated.Account(SAFE.appid, SAFE.secret, SAFE.token, SAFE.aes_key)
    platform = Platform(account, f"{url}/wechat/callback")
    async with serving_wechat(platform) as api:
        variables = {"APPID": SAFE.appid, "SECRET": SAFE.secret, "TOKEN": SAFE.token}
        variables |= {"AES_KEY": SAFE.aes_key, "API_URL": api}
        wechat = {f"KEFU_WECHAT_{name}": value for name, value in variables.items()}
        own = {"KEFU_DATABASE_URL": f"sqlite:///{database}", "PYTHONPATH": str(ROOT)}
        environ = environment() | ENVIRON | wechat | own
        crowd = [
            kind(platform if kind is OnWeChat else url, number)
            for kind, count in CUSTOMERS.items()
            for number in range(count)
        ]
        with running(port, database, environ) as server:
            await healthy(port)
            saying = asyncio.gather(*(one.say([f"{t} {one.number}" for t in EACH]) for one in crowd))
            # WeChat gives up after three tries, so its messages have to be in; page and app go on sending.
            of_wechat = CUSTOMERS[OnWeChat] * len(EACH)
            await book.until(lambda: book.stored("wechat") == of_wechat and book.counts()[1] > 30, 60)
            os.kill(server.pid, signal.SIGKILL)
            server.wait()
        await asyncio.sleep(0.5)  # what has left the server arrives, also at a busy platform
        # Cut off on its way, an answer may have reached WeChat or not: only WeChat can ask for it again.
        unsure = book.given("wechat").difference(
            *(one.arrived() for one in crowd if isinstance(one, OnWeChat))
        )
        stored, answered = book.counts()
        assert stored - answered > 50, "it was killed with too little to do"
        with running(port, database, environ):
            await healthy(port)
            await asyncio.wait_for(saying, 60)
            await book.until(lambda: book.counts() == (ALL, ALL), 90)
            await book.until(lambda: not book.to_deliver("wechat"), 150)
            lost = set(unsure)
            for one in crowd:
                expected = [f"echo: {text} {one.number}" for text in EACH]
                if isinstance(one, OnWeChat):  # its messages travel side by side
                    shown = await one.shown()
                    sure = [text for text in expected if text in shown or text not in unsure]
                    assert sorted(shown) == sorted(sure), (one.channel, one.number)
                    lost -= set(shown)
                else:
                    shown = await wait_for_all(one, len(expected))
                    assert shown == expected, (one.channel, one.number)
                await one.close()
            assert len(lost) <= 3, lost
    asked, answers = book.asked(), book.answers()
    for conversation, numbers in asked.items():
        assert [reply_to for reply_to, _ in answers[conversation]] == numbers, conversation
    assert len(asked) == len(crowd)


async def wait_for_all(one, count):
    """What a customer is shown, once as many answers as that are there."""
    for _ in range(300):
        shown = await one.shown()
        if len(shown) >= count:
            break
        await asyncio.sleep(0.2)
    return shown
