"""The web channel over plain HTTP: the page's files, the session, the fallback."""

import asyncio
import uuid
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from tests.web_server import EchoBot, serving


@pytest.fixture
def bot():
    return EchoBot()


@pytest.fixture
async def server(bot, tmp_path):
    async with serving(bot, tmp_path / "kefu.db", page_dir=str(tmp_path / "dist"), brand="Yunqi") as (url, _):
        yield url


@pytest.fixture
async def http(server):
    async with aiohttp.ClientSession() as http:
        yield http


async def new_visitor(http, server):
    async with http.post(f"{server}/chat/session") as answer:
        return {"Authorization": f"Bearer {(await answer.json())['token']}"}


async def call(http, method, url, **options):
    async with http.request(method, url, **options) as answer:
        return answer.status, await answer.json()


async def until_messages(http, server, headers, count):
    for _ in range(200):
        _, reply = await call(http, "GET", f"{server}/chat/messages?after=0", headers=headers)
        if len(reply["messages"]) >= count:
            return reply["messages"]
        await asyncio.sleep(0.03)
    raise AssertionError(reply)


async def test_a_page_that_is_not_built_says_how_to_build_it(http, server):
    async with http.get(f"{server}/chat/") as answer:
        assert answer.status == 503 and "npm run build" in await answer.text()


async def test_the_built_page_and_its_assets_are_served_with_strict_headers(http, server, tmp_path):
    assets = Path(tmp_path / "dist" / "assets")
    assets.mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text("<title>page</title>")
    (tmp_path / "dist" / "secret.txt").write_text("no")
    (assets / "page-1.js").write_text("1")
    async with http.get(f"{server}/chat?x=1") as answer:
        assert answer.url.path == "/chat/" and "page" in await answer.text()
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-cache"
    async with http.get(f"{server}/chat/assets/page-1.js") as answer:
        assert answer.status == 200 and "javascript" in answer.headers["Content-Type"]
        assert "immutable" in answer.headers["Cache-Control"]
    for path in ("nothing.js", "..%2Fsecret.txt", "%2e%2e/secret.txt", ".."):
        async with http.get(URL(f"{server}/chat/assets/{path}", encoded=True)) as answer:
            assert answer.status == 404 or answer.url.path == "/chat/", path


async def test_a_session_is_renewed_for_the_same_visitor_and_carries_the_brand(http, server):
    headers = await new_visitor(http, server)
    await call(
        http, "POST", f"{server}/chat/messages", headers=headers, json={"id": str(uuid.uuid4()), "text": "hi"}
    )
    status, session = await call(http, "POST", f"{server}/chat/session", headers=headers)
    assert (status, session["renewed"], session["brand"]) == (200, True, "Yunqi")
    renewed = {"Authorization": f"Bearer {session['token']}"}
    assert len(await until_messages(http, server, renewed, 2)) == 2


async def test_a_forged_session_becomes_a_new_visitor_who_sees_nothing(http, server):
    forged = {"Authorization": "Bearer forged.forged.forged"}
    _, session = await call(http, "POST", f"{server}/chat/session", headers=forged)
    assert (session["renewed"], session["reason"]) == (False, "session_invalid")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "session_missing"),
        ({"Authorization": "Bearer x.y.z"}, "session_invalid"),
        ({"Authorization": "Basic abc"}, "session_missing"),
    ],
)
async def test_requests_without_a_valid_token_are_refused(http, server, headers, code):
    for method, path in (("GET", "messages"), ("POST", "messages"), ("POST", "hello")):
        status, reply = await call(http, method, f"{server}/chat/{path}", headers=headers)
        assert (status, reply["error"]["code"], reply["error"]["field"]) == (401, code, "authorization")


async def test_a_conversation_works_without_any_socket(http, server, bot):
    headers = await new_visitor(http, server)
    status, hello = await call(http, "POST", f"{server}/chat/hello", headers=headers, json={"language": "en"})
    assert status == 200 and hello["busy"]
    await until_messages(http, server, headers, 2)
    id = str(uuid.uuid4())
    for _ in range(3):
        status, reply = await call(
            http, "POST", f"{server}/chat/messages", headers=headers, json={"id": id, "text": "/restart now"}
        )
        assert (status, reply["ok"], reply["seq"]) == (200, True, 3)
    messages = await until_messages(http, server, headers, 4)
    assert [m["from"] for m in messages] == ["event", "bot", "customer", "bot"]
    assert bot.texts == ["/greet", "restart now"]
    _, after = await call(http, "GET", f"{server}/chat/messages?after=3", headers=headers)
    _, before = await call(http, "GET", f"{server}/chat/messages?before=3&limit=1", headers=headers)
    assert [m["seq"] for m in after["messages"]] == [4] and [m["seq"] for m in before["messages"]] == [2]


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        (b"{", 400, "invalid", None),
        (b"[]", 400, "invalid", None),
        (b"\xff\xfe", 400, "invalid", None),
        (b"[" * 5000, 400, "invalid", None),
        (b'{"id": "1", "text": "a"}', 400, "invalid", "id"),
        (b'{"text": ""}', 400, "invalid", "id"),
        (b'"' + b"a" * 20000 + b'"', 413, "too_large", None),
    ],
)
async def test_a_bad_request_names_its_fault_and_is_no_exception_page(
    http, server, body, status, code, field
):
    headers = await new_visitor(http, server)
    got, reply = await call(http, "POST", f"{server}/chat/messages", headers=headers, data=body)
    assert (got, reply["error"]["code"], reply["error"]["field"]) == (status, code, field)


async def test_an_answer_comes_with_the_message_that_waits_for_it(http, server, bot):
    headers, bot.seconds = await new_visitor(http, server), 0.1
    body = {"id": str(uuid.uuid4()), "text": "在吗", "wait": 10}
    for _ in range(2):  # sent again, it is what was said before
        _, reply = await call(http, "POST", f"{server}/chat/messages", headers=headers, json=body)
        assert [(m["seq"], m["text"]) for m in reply["messages"]] == [(reply["seq"] + 1, "echo: 在吗")]
    bot.seconds = 2
    hasty = {"id": str(uuid.uuid4()), "text": "还在吗", "wait": 1}
    _, reply = await call(http, "POST", f"{server}/chat/messages", headers=headers, json=hasty)
    assert reply["messages"] == []


async def test_two_who_wait_at_once_are_told_the_same(http, server, bot):
    headers, bot.seconds = await new_visitor(http, server), 0.3
    say = call(http, "POST", f"{server}/chat/messages", headers=headers, json={
        "id": str(uuid.uuid4()), "text": "在吗", "wait": 10})  # fmt: skip
    look = call(http, "GET", f"{server}/chat/messages?after=1&wait=10", headers=headers)
    (_, said), (_, seen) = await asyncio.gather(say, look)
    assert said["messages"] == seen["messages"] and len(seen["messages"]) == 1


async def test_a_bad_number_in_the_query_is_named(http, server):
    headers = await new_visitor(http, server)
    status, reply = await call(http, "GET", f"{server}/chat/messages?after=-1", headers=headers)
    assert (status, reply["error"]["field"]) == (400, "after")


async def test_too_many_messages_get_status_429(http, server):
    headers = await new_visitor(http, server)
    statuses = []
    for n in range(12):
        body = {"id": str(uuid.uuid4()), "text": str(n)}
        statuses.append((await call(http, "POST", f"{server}/chat/messages", headers=headers, json=body))[0])
    assert statuses[0] == 200 and statuses[-1] == 429


async def test_a_client_can_wait_for_the_answer(http, server, bot):
    bot.seconds = 0.5
    headers = await new_visitor(http, server)
    body = {"id": str(uuid.uuid4()), "text": "hi"}
    _, said = await call(http, "POST", f"{server}/chat/messages", headers=headers, json=body)
    waiting = f"{server}/chat/messages?after={said['seq']}&wait=10"
    _, reply = await call(http, "GET", waiting, headers=headers)
    assert [message["text"] for message in reply["messages"]] == ["echo: hi"]
    _, reply = await call(http, "GET", f"{server}/chat/messages?after=2&wait=1", headers=headers)
    assert reply["messages"] == []
    status, reply = await call(http, "GET", f"{server}/chat/messages?after=2&wait=60", headers=headers)
    assert (status, reply["error"]["field"]) == (400, "wait")


async def test_what_a_visitor_wants_to_be_told_is_kept_and_mistakes_are_named(http, server):
    headers, news = await new_visitor(http, server), f"{server}/chat/news"
    status, before = await call(http, "GET", news, headers=headers)
    assert status == 200 and before["quiet_from"] == "22:00"
    assert {one["topic"]: one["wanted"] for one in before["topics"]}["policies"] is False
    wishes = {
        "topics": {"policies": True},
        "quiet_from": "21:00",
        "quiet_until": "09:00",
        "zone": "Asia/Tokyo",
    }
    await call(http, "POST", news, headers=headers, json=wishes)
    _, after = await call(http, "GET", news, headers=headers)
    assert {one["topic"]: one["wanted"] for one in after["topics"]}["policies"] is True
    assert (after["quiet_from"], after["quiet_until"], after["zone"]) == ("21:00", "09:00", "Asia/Tokyo")
    for wrong, field in (
        ({"topics": {"tickets": False}}, "topics"),  # one's own affairs always come
        ({"topics": ["policies"]}, "topics"),
        ({"zone": "Mars/Base"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"quiet_from": "25:00", "quiet_until": "08:00"}, "quiet_from"),
        ({"quiet_from": "22:00", "quiet_until": ""}, "quiet_until"),
        ({"language": 5}, "language"),
    ):
        status, refused = await call(http, "POST", news, headers=headers, json=wrong)
        assert (status, refused["error"]["field"]) == (400, field), wrong
    assert (await call(http, "GET", news))[0] == 401
