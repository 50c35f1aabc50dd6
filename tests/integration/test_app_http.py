"""The app over real HTTP: what is refused, how, and that others' conversations are out of reach."""

import uuid

import jwt
import pytest

from kefu.channels.refusals import refusals
from tests.app_client import AUDIENCE, ISSUER, Phone, login
from tests.app_server import serving_app
from tests.web_server import EchoBot, Page

ID = str(uuid.UUID(int=7)).encode()

POSTS, GETS = ("/hello", "/messages", "/seen"), ("/messages", "/events")
EVERY = [*(("POST", path) for path in POSTS), *(("GET", path) for path in GETS)]


@pytest.fixture
async def server(tmp_path):
    async with serving_app(EchoBot(), tmp_path / "kefu.db") as url:
        yield url


@pytest.fixture
async def phone(server):
    async with Phone(server, login("anna")) as phone:
        yield phone


def tokens():
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "anna", "exp": 4_000_000_000}
    return {
        "token_missing": "",
        "token_expired": login("anna", seconds=-60),
        "forged": jwt.encode(claims, "another secret of the same good length"),
        "unsigned": jwt.encode(claims, None, algorithm="none"),
        "another audience": login("anna", aud="shop"),
        "garbage": "a.b.c",
    }


@pytest.mark.parametrize(("method", "path"), EVERY)
@pytest.mark.parametrize(("name", "token"), tokens().items(), ids=tokens())
async def test_without_a_valid_login_nothing_is_served(phone, method, path, name, token):
    phone.token = token
    code = name if name.startswith("token") else "token_invalid"
    before = refusals["app", code]
    status, reply = await phone.call(method, path)
    assert (status, reply["ok"], reply["error"]["code"]) == (401, False, code)
    assert reply["error"]["field"] == "authorization" and reply["error"]["message"]
    assert refusals["app", code] == before + 1


async def test_a_token_of_the_web_page_opens_nothing_here(server, phone):
    page = await Page.visit(server)
    phone.token = page.token
    assert (await phone.call("GET", "/messages"))[0] == 401
    await page.close()


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        (b"{", 400, "invalid", None),
        (b"[]", 400, "invalid", None),
        (b"\xff", 400, "invalid", None),
        (b"[" * 10_000, 400, "invalid", None),
        (b'{"id": NaN}', 400, "invalid", None),
        (b'{"id": "7", "text": "a"}', 400, "invalid", "id"),
        (b'{"id": "%s", "text": 7}' % ID, 400, "invalid", "text"),
        (b'{"text": "a", "thread": 7}', 400, "invalid", "thread"),
        (b'{"a": "%s"}' % (b"x" * 17_000), 413, "too_large", None),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_a_bad_body_is_refused_by_its_field(phone, body, status, code, field):
    got, reply = await phone.call("POST", "/messages", data=body)
    assert (got, reply["error"]["code"], reply["error"]["field"]) == (status, code, field)


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("GET", "/messages?after=x", None, "after"),
        ("GET", "/messages?after=", None, "after"),
        ("GET", "/messages?after=1&before=2", None, "before"),
        ("GET", "/messages?limit=101", None, "limit"),
        ("POST", "/hello", {"language": "fr"}, "language"),
        ("POST", "/seen", {}, "seq"),
        ("POST", "/seen", {"seq": 1, "state": "eaten"}, "state"),
    ],
)
async def test_a_wrong_value_is_refused_by_its_field(phone, method, path, body, field):
    status, reply = await phone.call(method, path, json=body)
    assert (status, reply["error"]["field"]) == (400, field)


async def test_a_wrong_event_id_is_refused(phone):
    status, reply = await phone.call("GET", "/events", headers={"Last-Event-ID": "7"})
    assert (status, reply["error"]["field"]) == (400, "Last-Event-ID")


async def test_the_first_hello_greets_and_a_later_one_only_catches_up(phone):
    await phone.follow()
    status, first = await phone.call("POST", "/hello", json={"language": "zh"})
    assert (status, [message["from"] for message in first["messages"]]) == (200, ["event"])
    await phone.until(lambda: phone.bot_texts() == ["echo: /greet"])
    _, later = await phone.call("POST", "/hello", json={"after": 1, "thread": first["thread"]})
    assert [message["from"] for message in later["messages"]] == ["bot"]


async def test_messages_can_be_looked_back_at_and_caught_up_with(phone):
    await phone.follow()
    for text in ("one", "two"):
        await phone.say(text)
    await phone.until(lambda: len(phone.bot_texts()) == 2)
    _, back = await phone.call("GET", "/messages?before=3&limit=1")
    assert ([m["seq"] for m in back["messages"]], back["older"]) == ([2], True)
    _, on = await phone.call("GET", "/messages?after=2&limit=1")
    assert ([m["seq"] for m in on["messages"]], on["more"]) == ([3], True)


async def test_another_customers_conversation_is_out_of_reach(server, phone):
    said = await phone.say("my secret")
    async with Phone(server, login("eve")) as eve:
        for path in (f"/messages?thread={said['thread']}", "/messages?after=0"):
            _, reply = await eve.call("GET", path)
            assert reply["messages"] == []
        _, reply = await eve.call("POST", "/hello", json={"thread": said["thread"], "after": 0})
        assert "secret" not in str(reply)
        pressed = {"id": str(uuid.uuid4()), "button": {"seq": 2, "index": 0}}
        status, reply = await eve.call("POST", "/messages", json=pressed)
        assert (status, reply["error"]["code"]) == (400, "unknown_button")


async def test_too_many_messages_at_once_are_refused_for_a_while(phone):
    statuses = []
    for _ in range(10):
        body = {"id": str(uuid.uuid4()), "text": "hi"}
        status, reply = await phone.call("POST", "/messages", json=body)
        statuses.append(status)
    assert statuses[:8] == [200] * 8 and 429 in statuses[8:]
    assert reply["error"]["retry_after"] >= 1


async def test_the_description_and_health_need_no_login(phone):
    phone.token = ""
    status, description = await phone.call("GET", "/openapi.json")
    assert (status, description["servers"]) == (200, [{"url": "/app/v1"}])
    assert await phone.call("GET", "/health") == (200, {"status": "ok"})
