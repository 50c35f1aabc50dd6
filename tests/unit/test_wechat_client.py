"""What a failed call of WeChat's API means: whether the message may have arrived."""

import asyncio

import aiohttp
import pytest

from kefu.channels.wechat.client import NotSent, Unsure, WeChatApi
from kefu.channels.wechat.options import Account


class Failing:
    """Stands in for the HTTP client; each call fails."""

    def __init__(self, error):
        self._error = error

    def request(self, *_, **__):
        raise self._error


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (aiohttp.ServerTimeoutError("Connection timeout to host"), NotSent),
        (aiohttp.ServerDisconnectedError(), Unsure),
        (asyncio.TimeoutError(), Unsure),
    ],
)
async def test_only_what_certainly_did_not_arrive_is_sent_again(error, meaning):
    api = WeChatApi(Account(), None, None)
    api._http = Failing(error)
    with pytest.raises(meaning):
        await api._request("/cgi-bin/message/custom/send", {}, {})
