"""Sending codes: over real HTTP to the simulated gateway, and to gateways that fail."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from aiohttp.test_utils import TestClient, TestServer

from kefu.config import settings
from kefu.customers.senders import HttpSender, NotSent, code_sender
from simulators.sms import application

PHONE = "+8613800138000"
MESSAGE = {"id": "1", "phone": PHONE, "template": "verification_code", "params": {"code": "1", "minutes": 5}}


@contextmanager
def gateway(*statuses, delay=None):
    """A gateway that answers with these, one after the other; yields its address and what it was sent."""
    taken, left = [], list(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            taken.append(
                (self.headers["Authorization"], self.rfile.read(int(self.headers["Content-Length"])))
            )
            if delay:
                delay.wait(5)
            self.send_response(left.pop(0))
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/messages", taken
    finally:
        if delay:
            delay.set()
        server.shutdown()
        server.server_close()


def test_a_code_is_posted_with_the_token():
    with gateway(202) as (url, taken):
        HttpSender(url, "secret").send(PHONE, "382913", 5, "zh")
    ((token, body),) = taken
    assert token == "Bearer secret" and b'"code": "382913"' in body and PHONE.encode() in body


def test_a_gateway_that_fails_is_tried_once_more_with_the_same_message():
    with gateway(503, 202) as (url, taken):
        HttpSender(url).send(PHONE, "382913", 5, "zh")
    assert len(taken) == 2 and taken[0] == taken[1]


@pytest.mark.parametrize(
    ("statuses", "reason", "tries"),
    [((400,), "status 400", 1), ((302,), "status 302", 1), ((500, 502), "status 502", 2)],
)
def test_what_a_gateway_refuses_is_not_sent(statuses, reason, tries):
    with gateway(*statuses) as (url, taken), pytest.raises(NotSent, match=f"^{reason}$"):
        HttpSender(url).send(PHONE, "382913", 5, "zh")
    assert len(taken) == tries


def test_a_gateway_that_does_not_answer_is_given_up_and_the_error_tells_neither_phone_nor_code():
    with gateway(200, 200, delay=threading.Event()) as (url, _), pytest.raises(NotSent) as error:
        HttpSender(url, seconds=0.1).send(PHONE, "382913", 5, "zh")
    assert str(error.value) == "ReadTimeout"


def test_nobody_at_the_address_is_not_sent():
    with pytest.raises(NotSent, match="^ConnectionError$"):
        HttpSender("http://127.0.0.1:1/messages").send(PHONE, "382913", 5, "zh")


def test_without_a_gateway_there_is_no_sender(installation, monkeypatch):
    assert code_sender() is None
    monkeypatch.setenv("KEFU_SMS_URL", "https://sms.example.com")
    settings.cache_clear()
    assert isinstance(code_sender(), HttpSender)


class TestTheSimulatedGateway:
    @pytest.fixture
    async def client(self):
        async with TestClient(TestServer(application("token"))) as client:
            client.session.headers["Authorization"] = "Bearer token"
            yield client

    async def test_delivers_each_message_once(self, client):
        for _ in range(2):
            assert (await client.post("/messages", json=MESSAGE)).status == 202
        (message,) = await (await client.get("/messages", params={"phone": PHONE})).json()
        assert message["phone"] == PHONE and "1" in message["text"]
        assert await (await client.get("/messages", params={"phone": "+861"})).json() == []

    async def test_shows_what_arrived_without_believing_it(self, client):
        sent = MESSAGE | {"params": {"code": "<b>", "minutes": 5}}
        await client.post("/messages", json=sent)
        page = await (await client.get("/")).text()
        assert "&lt;b&gt;" in page and "<b>" not in page

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"phone": "138"}, "phone"),
            ({"template": "x"}, "template"),
            ({"params": {}}, "params"),
            ({"id": ""}, "id"),
        ],
    )
    async def test_names_the_field_of_a_message_that_it_refuses(self, client, change, field):
        answer = await client.post("/messages", json=MESSAGE | change)
        assert answer.status == 400 and (await answer.json())["error"].startswith(field)

    async def test_refuses_strangers(self, client):
        answer = await client.post("/messages", json=MESSAGE, headers={"Authorization": "Bearer other"})
        assert answer.status == 401
