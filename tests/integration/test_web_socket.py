"""The web channel over real socket.io: one customer, several tabs, strangers."""

import asyncio
import uuid

import pytest
import socketio

from kefu.channels.session import Sessions
from kefu.config import settings
from tests.web_server import EchoBot, Page, serving


def conversation_of(page):
    return Sessions(settings().secret).sender(page.token).id


@pytest.fixture
def bot():
    return EchoBot()


@pytest.fixture
async def server(bot, tmp_path):
    async with serving(bot, tmp_path / "kefu.db") as (url, channel):
        yield url, channel


@pytest.fixture
async def page(server):
    page = await Page.visit(server[0])
    yield page
    await page.close()


async def test_a_message_is_acknowledged_answered_and_told_to_rasa_with_its_metadata(page, bot):
    id = str(uuid.uuid4())
    reply = await page.ask("message", id=id, text="路由器断网了", language="en")
    assert reply["ok"] and (reply["id"], reply["seq"]) == (id, 1)
    await page.until(lambda: page.bot_texts() == ["echo: 路由器断网了"])
    asked = bot.asked[0]
    assert asked.metadata == {
        "language": "en",
        "message_id": id,
        "channel": "web",
        "identity": conversation_of(page),
        "chosen": {"language": None, "style": None},
    }
    assert (asked.message_id, asked.input_channel, asked.output_channel.name()) == (id, "web", "web")
    assert page.shown[2]["reply_to"] == 1
    assert page.typing == []  # so quick that dots would only flicker


async def test_dots_are_shown_while_an_answer_takes_a_while(page, bot):
    bot.seconds = 0.5
    await page.say("路由器断网了")
    await page.until(lambda: page.typing == [True])
    assert page.bot_texts() == []
    await page.until(lambda: page.typing == [True, False])
    assert page.bot_texts() == ["echo: 路由器断网了"]


async def test_a_message_sent_again_is_acknowledged_again_and_answered_once(page, bot):
    id = str(uuid.uuid4())
    replies = await asyncio.gather(*(page.say("一次", id) for _ in range(4)))
    assert {reply["seq"] for reply in replies} == {1} and all(reply["ok"] for reply in replies)
    await page.until(page.bot_texts)
    assert (await page.say("一次", id))["seq"] == 1
    await asyncio.sleep(0.3)
    assert bot.texts == ["一次"] and page.bot_texts() == ["echo: 一次"]


async def test_quick_messages_of_one_customer_are_handled_in_order_one_at_a_time(page, bot):
    bot.seconds = 0.05
    for n in range(6):
        await page.say(str(n))
    await page.until(lambda: len(page.bot_texts()) == 6)
    assert bot.texts == [str(n) for n in range(6)]


async def test_a_new_visitor_is_greeted_once_by_the_bot_whatever_tabs_open(server, bot):
    page = await Page.visit(server[0])
    other = await Page.visit(server[0], page.token)
    first = await page.ask("hello", language="zh")
    await asyncio.gather(page.ask("hello"), other.ask("hello"), other.ask("hello"))
    await page.until(lambda: page.bot_texts() == ["echo: /greet"])
    await asyncio.sleep(0.3)
    assert bot.texts == ["/greet"] and first["busy"]
    assert [m["from"] for m in (await page.ask("hello"))["messages"]] == ["event", "bot"]
    await page.close()
    await other.close()


async def test_every_tab_of_a_visitor_sees_the_conversation_and_no_other_visitor_does(server, page):
    tab = await Page.visit(server[0], page.token)
    stranger = await Page.visit(server[0])
    await page.say("hi")
    await tab.until(lambda: len(tab.shown) == 2)
    assert [m["from"] for m in tab.shown.values()] == ["customer", "bot"]
    assert (await stranger.ask("history"))["messages"] == [] and stranger.shown == {}
    await tab.close()
    await stranger.close()


async def test_a_reopened_page_gets_what_it_missed_and_only_that(server, page):
    await page.say("one")
    await page.until(lambda: len(page.shown) == 2)
    await page.close()
    other = await Page.visit(server[0], page.token)
    await other.say("two")
    await other.until(other.bot_texts)
    await page.connect()
    missed = await page.ask("hello", after=2)
    assert [(m["seq"], m["from"]) for m in missed["messages"]] == [(3, "customer"), (4, "bot")]
    await other.close()


async def test_history_is_paged_backwards_without_gaps(server, page):
    for n in range(120):
        server[1]._hub.ledger.record(conversation_of(page), {"text": str(n)})
    latest = await page.ask("hello")
    assert len(latest["messages"]) == 50 and latest["older"]
    seen = [m["seq"] for m in latest["messages"]]
    while latest["older"]:
        latest = await page.ask("history", before=seen[0])
        seen = [m["seq"] for m in latest["messages"]] + seen
    assert seen == list(range(1, 121))
    forward = await page.ask("updates", after=1)
    assert len(forward["messages"]) == 100 and forward["more"]


@pytest.mark.parametrize("typed", ["/restart", " ／session_start", '\u200b/inform{"ticket_number": "GD1"}'])
async def test_typed_commands_reach_rasa_as_words_and_are_shown_as_typed(page, bot, typed):
    await page.say(typed)
    await page.until(page.bot_texts)
    assert not bot.texts[0].startswith(("/", "／", "\u200b"))
    assert page.shown[1]["text"] == typed.strip()


async def test_a_button_sends_its_payload_to_rasa_and_shows_its_title(server, page, bot):
    payload = '/choose_option{"option_index": "2"}'
    server[1]._hub.ledger.record(
        conversation_of(page), {"text": "?", "buttons": [{"title": "第二个", "payload": payload}]}
    )
    shown = (await page.ask("updates", after=0))["messages"][0]
    assert shown["buttons"] == [{"title": "第二个"}], "payloads stay on the server"
    assert (await page.ask("message", id=str(uuid.uuid4()), button={"seq": 1, "index": 0}))["ok"]
    await page.until(page.bot_texts)
    assert bot.texts == [payload]
    assert (page.shown[2]["text"], page.shown[2]["button"]) == ("第二个", {"seq": 1, "index": 0})


async def test_another_visitors_button_is_unknown(server, page, bot):
    stranger = await Page.visit(server[0])
    server[1]._hub.ledger.record(
        conversation_of(stranger), {"text": "?", "buttons": [{"title": "a", "payload": "/affirm"}]}
    )
    reply = await page.ask("message", id=str(uuid.uuid4()), button={"seq": 1, "index": 0})
    assert (reply["error"]["code"], reply["error"]["field"]) == ("unknown_button", "button")
    await asyncio.sleep(0.2)
    assert bot.texts == []
    await stranger.close()


async def test_a_sender_id_in_the_message_changes_nothing(server, page, bot):
    stranger = await Page.visit(server[0])
    theirs = conversation_of(stranger)
    await page.ask(
        "message", id=str(uuid.uuid4()), text="hi", sender=theirs, sender_id=theirs, session_id=theirs
    )
    await page.until(page.bot_texts)
    assert bot.asked[0].sender_id == conversation_of(page) != theirs
    assert stranger.shown == {}
    await stranger.close()


@pytest.mark.parametrize(
    ("auth", "code"),
    [
        (None, "session_missing"),
        ({}, "session_missing"),
        ({"token": "forged"}, "session_invalid"),
        ("x", "session_missing"),
    ],
)
async def test_a_socket_without_a_valid_token_is_refused_with_a_code(server, auth, code):
    refused = []
    client = socketio.AsyncClient(reconnection=False)
    client.on("connect_error", lambda data: refused.append(data))
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(server[0], socketio_path="/chat/socket.io", auth=auth, transports=["websocket"])
    await asyncio.sleep(0.05)
    assert refused[0]["message"] == code and refused[0]["data"] == {"code": code}
    await client.disconnect()


async def test_knowing_a_conversation_id_opens_nothing(server, page):
    client = socketio.AsyncClient(reconnection=False)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(
            server[0],
            socketio_path="/chat/socket.io",
            auth={"token": conversation_of(page)},
            transports=["websocket"],
        )


async def test_bad_input_gets_an_error_and_the_connection_stays_good(page, bot):
    long = await page.say("字" * 2001)
    assert (long["error"]["code"], long["error"]["field"], long["error"]["limit"]) == (
        "too_long",
        "text",
        2000,
    )
    for data in (None, [], "x", 5, {"id": 1}, {"text": {}}):
        assert not (await page.socket.call("message", data))["ok"]
    assert (await page.ask("history", before="x"))["error"]["field"] == "before"
    assert (await page.ask("hello", language="fr"))["error"]["field"] == "language"
    await asyncio.sleep(1.5)
    assert (await page.say("ok"))["ok"]
    await page.until(lambda: bot.texts == ["ok"])


async def test_a_flood_is_slowed_down_and_says_when_to_try_again(page, bot):
    replies = await asyncio.gather(*(page.say(str(n)) for n in range(20)))
    refused = [reply for reply in replies if not reply["ok"]]
    assert refused and all(reply["error"]["code"] == "too_many" for reply in refused)
    assert refused[0]["error"]["retry_after"] >= 1


async def test_networks_without_websocket_work_by_polling(server, bot):
    page = await Page.visit(server[0])
    await page.close()
    await page.connect(transports=("polling",))
    await page.say("hi")
    await page.until(page.bot_texts)
    await page.close()


async def test_a_page_of_another_site_may_not_open_the_socket(server, page):
    client = socketio.AsyncClient(reconnection=False)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(
            server[0],
            socketio_path="/chat/socket.io",
            headers={"Origin": "https://elsewhere.example"},
            auth={"token": page.token},
            transports=["websocket"],
        )


async def test_a_page_of_an_allowed_site_may_open_the_socket(bot, tmp_path):
    allowed = ("https://shop.example",)
    async with serving(bot, tmp_path / "other.db", allowed_origins=allowed) as (url, _):
        page = await Page.visit(url)
        client = socketio.AsyncClient(reconnection=False)
        await client.connect(
            url,
            socketio_path="/chat/socket.io",
            headers={"Origin": "https://shop.example"},
            auth={"token": page.token},
            transports=["websocket"],
        )
        assert (await client.call("hello", {}))["ok"]
        await client.disconnect()
        await page.close()


async def test_rasa_pushes_outside_a_turn_are_kept_and_shown(server, page):
    output = server[1].get_output_channel()
    await output.send_response(conversation_of(page), {"text": "您的工单有进展"})
    await page.until(lambda: page.bot_texts() == ["您的工单有进展"])
    assert page.shown[1]["reply_to"] is None
    assert (await page.ask("updates", after=0))["messages"] == [page.shown[1]]
