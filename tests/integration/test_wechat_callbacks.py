"""WeChat over real HTTP: what customers do there, and requests that are not WeChat's."""

import asyncio

import aiohttp
import pytest
from sqlalchemy import select

from kefu.channels.refusals import refusals
from kefu.channels.wechat.options import Options
from kefu.customers.models import Identity
from kefu.customers.proofs import issue_link_code, redeem_link_code
from kefu.customers.service import Sender, arrive
from tests.web_server import EchoBot
from tests.wechat_server import PLAIN, SAFE, wechat

MENU = {"CHECK": {"title": "查进度", "payload": "/check_ticket"}}


class Asker(EchoBot):
    """Answers with two buttons, and with what was pressed."""

    async def __call__(self, message):
        self.asked.append(message)
        await asyncio.sleep(self.seconds)
        if message.text.startswith("/"):
            said = {"text": f"pressed {message.text}"}
        else:
            buttons = [{"title": t, "payload": f"/{t}"} for t in ("yes", "no")]
            said = {"text": "which?", "buttons": buttons}
        await message.output_channel.send_response(message.sender_id, said)


async def test_following_greets_once_even_if_told_three_times(tmp_path):
    bot = EchoBot()
    async with wechat(bot, tmp_path) as here:
        here.platform.faults.answers_lost = 2
        await here.platform.follow("oCustomer")
        assert (bot.texts, here.said()) == (["/greet"], ["echo: /greet"])


async def test_unfollowing_views_and_unknown_events_are_recorded_and_not_answered(tmp_path):
    bot = EchoBot()
    async with wechat(bot, tmp_path) as here:
        await here.platform.unfollow("oCustomer")
        await here.platform.happen("oCustomer", "VIEW", EventKey="https://example.com")
        await here.platform.happen("oCustomer", "brand_new", EventKey="x")
        assert [call["answer"] for call in here.platform.callbacks] == ["success"] * 3
        events = [event.data["event"] for event in here.alarms("wechat.event_received")]
        assert (events, bot.texts) == (["unsubscribe", "view", "brand_new"], [])


async def test_a_press_in_the_accounts_menu_is_a_button_of_ours(tmp_path):
    bot = EchoBot()
    async with wechat(bot, tmp_path, options=Options(menu=MENU)) as here:
        await here.platform.happen("oCustomer", "CLICK", EventKey="CHECK")
        await here.platform.happen("oCustomer", "CLICK", EventKey="UNKNOWN")
        assert bot.texts == ["/check_ticket"] and here.rows("in")[0].body["text"] == "查进度"


async def test_a_number_presses_the_very_button_and_other_numbers_are_text(tmp_path):
    bot = Asker()
    async with wechat(bot, tmp_path) as here:
        await here.say("问")
        assert here.said() == ["which?\n[1] yes\n[2] no\n回复数字即可选择。"]
        await here.say("２")
        await here.say("1")  # the newest answer offers nothing
        assert bot.texts == ["问", "/no", "1"]
        assert here.rows("in")[1].body["button"] == {"seq": 2, "index": 1}


async def test_a_pushed_answer_has_a_menu_whose_click_presses_the_very_button(tmp_path):
    bot = Asker(0.6)
    async with wechat(bot, tmp_path, options=Options(hold_seconds=0.2)) as here:
        await here.say("问")
        await here.until(here.said)
        follower = here.platform.follower("oCustomer")
        (pushed,) = (bubble for bubble in follower.chat if bubble["from"] == "account")
        assert (pushed["text"], [e["content"] for e in pushed["menu"]]) == ("which?", ["yes", "no"])
        await here.say("no", bizmsgmenuid=pushed["menu"][1]["id"])
        await here.until(lambda: len(bot.texts) == 2)
        assert bot.texts == ["问", "/no"]
        await here.say("else", bizmsgmenuid=pushed["menu"][1]["id"])  # not what stood there
        await here.until(lambda: len(bot.texts) == 3)
        assert bot.texts[2] == "else"


async def test_an_account_without_message_menus_gets_text(tmp_path):
    async with wechat(Asker(0.6), tmp_path, options=Options(hold_seconds=0.2)) as here:
        here.platform.faults.codes = [40200]
        await here.say("问")
        await here.until(here.said)
        assert here.said() == ["which?\n[1] yes\n[2] no\n回复数字即可选择。"] and here.via() == ["push"]


async def test_a_slash_is_never_a_command(tmp_path):
    bot = EchoBot()
    async with wechat(bot, tmp_path) as here:
        await here.say("/restart")
        assert bot.texts == ["restart"] and here.rows("in")[0].body["text"] == "/restart"


async def test_voice_place_and_link_are_understood_by_their_words(tmp_path):
    bot = EchoBot()
    async with wechat(bot, tmp_path) as here:
        send = here.platform.send
        await send("oCustomer", "voice", {"MediaId": "v", "Recognition": "门锁坏了"}, {"text": ""})
        place = {"Location_X": "30.1", "Location_Y": "120", "Label": "杭州"}
        await send("oCustomer", "location", place, {"text": ""})
        await send("oCustomer", "link", {"Title": "说明书", "Url": "https://x"}, {"text": ""})
        assert bot.texts == ["门锁坏了", "杭州", "说明书"]
        assert [row.body["kind"] for row in here.rows("in")] == ["voice", "location", "link"]


@pytest.mark.parametrize(
    ("kind", "fields", "said"),
    [
        ("voice", {"MediaId": "v"}, "听不了语音"),
        ("image", {"PicUrl": "https://p", "MediaId": "i"}, "看不了图片"),
        ("shortvideo", {"MediaId": "i"}, "看不了图片"),
        ("brandnew", {}, "看不了这种消息"),
    ],
)
async def test_what_cannot_be_understood_gets_a_polite_answer_without_asking_the_bot(
    tmp_path, kind, fields, said
):
    bot = EchoBot()
    async with wechat(bot, tmp_path) as here:
        await here.platform.send("oCustomer", kind, fields, {"text": ""})
        assert said in here.said()[0] and bot.texts == []


async def test_text_that_would_end_its_xml_arrives_as_it_is(tmp_path):
    async with wechat(EchoBot(), tmp_path) as here:
        await here.say("]]></Content><MsgType>news")
        assert here.said() == ["echo: ]]></Content><MsgType>news"] and here.notes() == []


async def test_an_answer_too_long_for_one_message_comes_whole_and_in_order(tmp_path):
    async def tells(message):
        text = "\n\n".join(f"第{n}段。" + "长" * 500 for n in range(4))
        await message.output_channel.send_response(message.sender_id, {"text": text})

    async with wechat(tells, tmp_path) as here:
        await here.say("说")
        await here.until(lambda: "第3段" in "".join(here.said()))
        assert all(len(text.encode()) <= 2048 for text in here.said())
        assert [text[:2] for text in here.said()] == ["第0", "第1", "第2", "第3"]
        assert here.via() == ["reply", "push", "push", "push"]


async def test_the_log_and_the_event_log_know_customers_by_a_hash(tmp_path, capsys):
    async with wechat(EchoBot(), tmp_path) as here:
        await here.say("我的电话13800000000")
        await here.platform.happen("oCustomer", "VIEW", EventKey="https://example.com")
        with here.hub.ledger.scope() as session:
            (identity,) = session.execute(select(Identity)).scalars()
        assert identity.id.startswith("wechat-") and identity.subject == "oCustomer"
        logged = capsys.readouterr().out
        assert "message.answered" in logged
        assert "oCustomer" not in logged and "13800000000" not in logged
        assert all(event.customer == identity.id for event in here.alarms())


@pytest.fixture
async def strangers(tmp_path):
    """A server in plain mode, and a way to post to it what only looks like WeChat's."""
    async with wechat(EchoBot(), tmp_path, PLAIN) as here, aiohttp.ClientSession() as http:

        async def post(change=lambda query, body: (query, body), body="<xml/>"):
            query, body = change(*here.platform.signed(body))
            async with http.post(here.platform.callback, params=query, data=body) as answer:
                return answer.status, (await answer.json())["error"]

        yield post


async def test_a_forged_signature_is_refused_logged_and_counted(strangers, capsys):
    before = refusals["wechat", "forged"]
    status, error = await strangers(lambda query, body: (query | {"signature": "0" * 40}, body))
    assert (status, error) == (403, {"code": "forged", "field": "signature"})
    assert refusals["wechat", "forged"] == before + 1 and "request.refused" in capsys.readouterr().out


async def test_a_stale_time_is_refused(strangers):
    status, _ = await strangers(lambda query, body: (query | {"timestamp": "1"}, body))
    assert status == 403


async def test_too_large_bodies_bombs_and_what_is_no_callback_are_refused(strangers):
    bomb = '<!DOCTYPE x [<!ENTITY a "aa">]><xml><MsgType>&a;</MsgType></xml>'
    assert (await strangers(body="x" * 70_000))[0] == 413
    assert (await strangers(body=bomb))[0] == 400
    assert (await strangers(body="<xml><MsgType>text</MsgType>"))[0] == 400
    status, error = await strangers(body="<xml><MsgType>text</MsgType></xml>")
    assert (status, error["field"]) == (400, "FromUserName")


async def test_a_callback_for_another_account_is_refused(tmp_path):
    async with wechat(EchoBot(), tmp_path, SAFE) as here:
        here.platform._crypto.app_id = here.platform._crypto._id = "wx9999999999999999"
        await here.say("你好")
        assert [call["status"] for call in here.platform.callbacks] == [403] * 3
        assert here.rows("in") == []
    async with wechat(EchoBot(), tmp_path, SAFE, Options(account="gh_another")) as here:
        await here.say("你好")
        assert [call["status"] for call in here.platform.callbacks] == [403] * 3


async def test_while_the_database_fails_nothing_is_acknowledged_and_the_next_try_is_taken(tmp_path):
    from sqlalchemy.exc import OperationalError

    bot = EchoBot()
    async with wechat(bot, tmp_path, wait=1.2) as here:
        accept, failing = here.hub.ledger.accept, [1]

        def broken(*given):
            if failing:
                failing.pop()
                raise OperationalError("insert", {}, Exception("disk full"))
            return accept(*given)

        here.hub.ledger.accept = broken
        await here.say("你好")
        answered = [call["status"] for call in here.platform.callbacks if call["status"]]  # 0: none in time
        assert answered == [503, 200]
        assert (bot.texts, here.said()) == (["你好"], ["echo: 你好"])


async def show(here, code):
    """Asks for the picture of a code, as a page does."""
    async with aiohttp.ClientSession() as http, http.get(f"{here.url}/wechat/qr/{code}") as answer:
        return answer.status, await answer.read()


@pytest.mark.parametrize("following", [True, False], ids=["a follower", "someone new"])
async def test_scanning_a_code_shown_elsewhere_is_giving_it_once(tmp_path, following):
    bot = EchoBot()
    async with wechat(bot, tmp_path) as here:
        with here.hub.ledger.scope() as session:
            page = Sender("web-" + "a" * 32, "web")
            arrive(session, page)
            code = issue_link_code(session, page.id)
        status, picture = await show(here, code)
        assert status == 200 and b"<svg" in picture
        here.platform.follower("oCustomer").following = following
        here.platform.faults.answers_lost = 1
        await here.platform.scan("oCustomer", f"link_{code}")
        assert (here.said(), bot.texts) == ([f"echo: {code}"], [code])
        with here.hub.ledger.scope() as session:
            redeem_link_code(session, here.rows()[0].identity, code)
        assert (await show(here, code))[0] == (await show(here, "WRONG234"))[0] == 404
        await here.platform.scan("oStranger", "link_WRONG")
        assert "已经失效" in here.said("oStranger")[0] and bot.texts == [code]
