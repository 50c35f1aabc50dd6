"""WeChat through a killed server: what was stored is answered once, by whichever way is still open."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import aiohttp

from simulators.wechat import platform as simulated
from simulators.wechat.server import serving
from tests.ports import free_ports
from tests.web_server import EchoBot, ledger_on
from tests.wechat_server import SAFE, server_of

ROOT = Path(__file__).resolve().parents[2]


async def start(port, database, api, seconds):
    command = [sys.executable, "-m", "tests.wechat_server", str(port), str(database), api, str(seconds)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    async with aiohttp.ClientSession() as http:
        for _ in range(600):
            try:
                async with http.get(f"http://127.0.0.1:{port}/wechat/callback") as answer:
                    if answer.status == 403:
                        return server
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)
    raise AssertionError("the server did not start")


async def test_a_server_killed_in_the_middle_answers_every_customer_once_when_it_is_back(tmp_path):
    (port,) = free_ports(1)
    account = simulated.Account(SAFE.appid, SAFE.secret, SAFE.token, SAFE.aes_key)
    platform = simulated.Platform(account, f"http://127.0.0.1:{port}/wechat/callback")
    customers = [f"oCustomer{n}" for n in range(12)]
    async with serving(platform) as api:
        server = await start(port, tmp_path / "kefu.db", api, seconds=2)
        try:
            saying = [
                asyncio.create_task(platform.send(openid, "text", {"Content": "你好"}, {"text": "你好"}))
                for openid in customers
            ]
            stored = ledger_on(tmp_path / "kefu.db").waiting
            for _ in range(100):
                if len(stored()) == len(customers):
                    break
                await asyncio.sleep(0.02)
            os.kill(server.pid, signal.SIGKILL)
            server.wait()
            server = await start(port, tmp_path / "kefu.db", api, seconds=0.1)
            await asyncio.gather(*saying)
            for _ in range(600):
                if all(platform.follower(openid).texts() for openid in customers):
                    break
                await asyncio.sleep(0.05)
            await asyncio.sleep(3)
            said = {openid: platform.follower(openid).texts() for openid in customers}
            assert said == {openid: ["echo: 你好"] for openid in customers}
        finally:
            server.kill()
            server.wait()


async def test_two_servers_on_one_database_give_one_answer_to_tries_that_reach_both(tmp_path):
    bots = EchoBot(0.3), EchoBot(0.3)
    account = simulated.Account(SAFE.appid, SAFE.secret, SAFE.token, SAFE.aes_key)
    platform = simulated.Platform(account, "")
    async with serving(platform) as api:
        reached = replace(SAFE, api_url=api)
        async with server_of(bots[0], tmp_path / "kefu.db", reached) as (first, _):
            async with server_of(bots[1], tmp_path / "kefu.db", reached) as (second, _):
                xml = platform.xml("oCustomer", {"MsgType": "text", "Content": "你好", "MsgId": 7})
                follower = platform.follower("oCustomer")

                async def call(url):
                    platform.callback = f"{url}/wechat/callback"
                    return await platform._post(*platform.signed(xml))

                tries = [asyncio.create_task(call(url)) for url in (first, second, first)]
                await asyncio.sleep(0)
                answers = await asyncio.gather(*tries)
                assert len(bots[0].texts + bots[1].texts) == 1
                assert [status for status, _ in answers] == [200] * 3
                await asyncio.sleep(2.5)
                assert follower.texts() == []  # nothing was pushed besides: all tries got the same answer
                for _, answer in answers:
                    platform._show(follower, answer)
                assert set(follower.texts()) == {"echo: 你好"}
