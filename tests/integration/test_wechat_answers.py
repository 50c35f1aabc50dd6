"""WeChat over real HTTP: one answer to each message, in the callback or pushed, never both, never twice."""

import asyncio

import pytest

from kefu.channels.wechat.options import Options
from tests.web_server import EchoBot
from tests.wechat_server import PLAIN, SAFE, wechat

QUICK = Options(hold_seconds=0.5)


@pytest.mark.parametrize("account", [SAFE, PLAIN], ids=["safe mode", "plain mode"])
async def test_a_quick_answer_comes_in_the_callback(tmp_path, account):
    async with wechat(EchoBot(), tmp_path, account) as here:
        await here.say("你好")
        assert (here.said(), here.via(), here.notes()) == (["echo: 你好"], ["reply"], [])
        assert [row.delivery for row in here.rows()] == ["sent"]


async def test_three_tries_of_one_message_give_one_answer(tmp_path):
    bot = EchoBot()
    async with wechat(bot, tmp_path) as here:
        here.platform.faults.answers_lost = 2
        await here.say("你好")
        assert [call["try"] for call in here.platform.callbacks] == [1, 2, 3]
        assert len({call["id"] for call in here.platform.callbacks}) == 1
        await asyncio.sleep(0.5)
        assert (bot.texts, here.said()) == (["你好"], ["echo: 你好"])


async def test_a_bot_slowed_to_eight_seconds_gives_one_pushed_answer(tmp_path):
    async with wechat(EchoBot(8), tmp_path) as here:
        await here.say("你好")
        (call,) = here.platform.callbacks
        assert call["answer"] == "success" and 4 < call["seconds"] < 5
        assert here.platform.follower("oCustomer").typing_until  # "对方正在输入"
        await here.until(here.said)
        await asyncio.sleep(1)
        assert (here.said(), here.via(), here.notes()) == (["echo: 你好"], ["push"], [])


@pytest.mark.parametrize(
    ("asked", "told"), [("帮我查一下", "没能处理好"), ("where is my order", "could not")], ids=["zh", "en"]
)
async def test_what_cannot_be_answered_is_told_in_the_language_of_the_message(tmp_path, asked, told):
    async def broken(message):
        raise RuntimeError("broken")

    async with wechat(broken, tmp_path, options=QUICK) as here:
        await here.say(asked)
        await here.until(here.said)
        (said,) = here.said()
        assert told in said


async def test_messages_in_quick_succession_are_answered_in_order_and_none_is_dropped(tmp_path):
    async with wechat(EchoBot(0.3), tmp_path, options=QUICK) as here:
        saying = []
        for n in "甲乙丙丁戊":
            saying.append(asyncio.create_task(here.say(n)))
            await asyncio.sleep(0.05)
        await asyncio.gather(*saying)
        await here.until(lambda: "echo: 戊" in "".join(here.said()))
        said = "\n\n".join(here.said()).split("\n\n")
        assert said == [f"echo: {n}" for n in "甲乙丙丁戊"]


async def test_twenty_sends_at_once_fetch_one_token(tmp_path):
    async with wechat(EchoBot(1), tmp_path, options=Options(hold_seconds=0.2)) as here:
        await asyncio.gather(*(here.say("你好", openid=f"oCustomer{n}") for n in range(20)))
        await here.until(lambda: all(here.said(f"oCustomer{n}") for n in range(20)), 30)
        assert here.platform.fetched == 1
        assert all(here.said(f"oCustomer{n}") == ["echo: 你好"] for n in range(20))


async def test_what_no_quota_is_left_for_comes_merged_with_the_next_answer_and_is_an_alarm(tmp_path):
    async with wechat(EchoBot(), tmp_path) as here:
        await here.say("你好")
        (row,) = here.rows()
        for number in range(8):
            await here.hub.post(row.conversation_id, {"text": f"push {number}"})
            await asyncio.sleep(0.1)
        await here.until(lambda: here.alarms("wechat.quota_exhausted"))
        assert here.said()[1:] == [f"push {n}" for n in range(5)]
        await here.say("还在吗")
        assert here.said()[-1] == "push 5\n\npush 6\n\npush 7\n\necho: 还在吗"
        assert (here.via()[-1], here.notes()) == ("reply", [])


async def test_a_count_that_only_the_platform_knows_is_believed(tmp_path):
    async with wechat(EchoBot(1), tmp_path, options=QUICK) as here:
        here.platform.faults.codes = [45047]
        await here.say("一")
        await here.until(lambda: here.alarms("wechat.quota_exhausted"))
        assert here.said() == [] and here.rows()[0].delivery == "waiting"
        await here.say("二")
        await here.until(lambda: len(here.said()) == 2)
        assert (here.said(), here.via()) == (["echo: 一", "echo: 二"], ["reply", "push"])


@pytest.mark.parametrize("code", [40001, 42001, 40014])
async def test_a_refused_token_is_replaced_once(tmp_path, code):
    async with wechat(EchoBot(1), tmp_path, options=QUICK) as here:
        here.platform.faults.codes = [code]
        await here.say("你好")
        await here.until(here.said)
        assert here.said() == ["echo: 你好"] and here.platform.fetched == 3  # first, the same again, forced


async def test_a_token_that_expires_is_fetched_early(tmp_path):
    async with wechat(EchoBot(1), tmp_path, options=QUICK) as here:
        here.platform.faults.token_seconds = 311  # good for 11 s before a new one is due
        await here.say("一")
        await here.until(here.said)
        assert here.platform.fetched == 1


async def test_an_api_that_is_down_is_tried_again(tmp_path):
    async with wechat(EchoBot(1), tmp_path, options=QUICK) as here:
        here.platform.faults.down = True
        await here.say("你好")
        await here.until(lambda: here.rows() and here.rows()[0].delivery_tries)
        here.platform.faults.down = False
        await here.until(here.said)
        await asyncio.sleep(0.5)
        assert here.said() == ["echo: 你好"]


async def test_a_send_that_may_have_arrived_is_not_sent_again_and_is_an_alarm(tmp_path):
    async with wechat(EchoBot(1), tmp_path, options=QUICK) as here:
        here.platform.faults.drop = 1
        await here.say("你好")
        await here.until(lambda: here.alarms("wechat.delivery_unsure"))
        await asyncio.sleep(2.5)
        assert here.said() == ["echo: 你好"] and here.rows()[0].delivery == "failed"


async def test_the_daily_limit_is_waited_for_and_is_an_alarm(tmp_path):
    async with wechat(EchoBot(1), tmp_path, options=QUICK) as here:
        here.platform.faults.codes = [45009]
        await here.say("你好")
        await here.until(lambda: here.alarms("wechat.api_limited"))
        assert here.rows()[0].delivery == "due"


async def test_after_an_unfollow_a_push_fails_visibly(tmp_path):
    async with wechat(EchoBot(), tmp_path) as here:
        await here.say("你好")
        await here.platform.unfollow("oCustomer")
        await here.hub.post(here.rows()[0].conversation_id, {"text": "push"})
        await here.until(lambda: here.alarms("wechat.delivery_failed"))
        assert [row.delivery for row in here.rows()] == ["sent", "failed"]


async def test_outside_the_window_a_template_says_that_something_waits(tmp_path):
    options = Options(template={"id": "T1", "field": "thing1"})
    async with wechat(EchoBot(), tmp_path, options=options) as here:
        await here.say("你好")
        here.platform.faults.codes = [45015]
        await here.hub.post(
            here.rows()[0].conversation_id, {"text": "您的工单已经处理完成，请您确认一下结果。" * 3}
        )
        await here.until(lambda: here.platform.templates)
        (sent,) = here.platform.templates
        assert sent["template_id"] == "T1" and len(sent["data"]["thing1"]["value"]) == 20
        await here.until(lambda: here.alarms("wechat.window_closed"))
        assert here.rows()[1].delivery == "waiting"


async def test_without_the_api_what_was_late_comes_with_the_answer_to_the_next_message(tmp_path):
    bot = EchoBot(1)
    async with wechat(bot, tmp_path, options=Options(hold_seconds=0.8)) as here:
        here.platform.faults.codes = [48001] * 99
        await here.say("一")
        await here.until(lambda: here.alarms("wechat.not_allowed"))
        assert here.said() == [] and here.rows()[0].delivery == "waiting"
        bot.seconds = 0.5
        await here.say("二")
        assert (here.said(), here.via()) == (["echo: 一\n\necho: 二"], ["reply"])


async def test_without_the_api_a_long_answer_is_cut_and_does_not_stop_the_others(tmp_path):
    async with wechat(EchoBot(), tmp_path) as here:
        here.platform.faults.codes = [48001] * 99
        await here.say("长" * 1500)
        await here.until(lambda: here.alarms("wechat.not_allowed"))
        await here.say("二")
        assert len(here.said()) == 1 and here.said()[0].endswith("…")
        assert 1900 < len(here.said()[0].encode()) <= 2048
        await here.until(lambda: len(here.alarms("wechat.not_allowed")) == 2)
        await here.say("三")
        assert here.said()[1:] == ["echo: 二\n\necho: 三"]
