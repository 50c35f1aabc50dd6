"""One customer on three channels: web page, app and WeChat, in one conversation."""

from __future__ import annotations

import re

import pytest
import requests

from tests.e2e.customer import TICKET_NUMBER, Customer
from tests.e2e.devices import App, WeChat, until

MOBILE = "13900139001"


@pytest.fixture
def text_message(assistant):
    """Waits for the next text message with a code; the function gives the code."""
    seen = []

    def code():
        def new():
            messages = requests.get(f"{assistant.sms_url}/messages", timeout=5).json()
            fresh = [m for m in messages if m["phone"].endswith(MOBILE) and m["id"] not in seen]
            seen.extend(m["id"] for m in fresh)
            return fresh and re.search(r"(?<!\d)\d{6}(?!\d)", fresh[-1]["text"]).group()

        return until(new)

    return code


def test_a_customer_takes_a_ticket_form_from_the_page_over_the_app_to_wechat(assistant, page, text_message):
    web = Customer(page)
    web.visit(assistant.chat)
    assert "具体" in web.say("我要报修，我家的V5") or "情况" in web.read()
    asked = web.say("扫地的时候一直原地打转，已经两天了")
    assert "电话" in asked

    # The page shows a code; the app, where the customer is logged in, redeems it.
    code = re.search(r"\b[A-Z0-9]{4}-?[A-Z0-9]{4}\b", web.say("给我一个绑定码，我要在手机上继续")).group()
    picture = web.page.locator("img[src^='/wechat/qr/']")
    assert until(lambda: picture.evaluate("image => image.complete && image.naturalWidth > 0"))
    app = App(assistant.url, "account-of-a-journey")
    assert "绑定成功" in app.say(f"绑定码 {code}")
    back = app.say("刚才说到哪了")
    assert "登记" in back  # the form is open there, and the customer is told so
    assert "验证码" in app.say(f"帮我绑定手机号 {MOBILE}")
    assert MOBILE[-4:] in app.say(text_message())

    # WeChat proves the same phone, and the form goes on there.
    phone = WeChat(assistant.wechat_url, "openid-of-a-journey")
    phone.do("follow", "云栖智家")
    phone.say(f"绑定手机号{MOBILE}", "验证码")
    phone.say(text_message(), "绑定成功")
    summary = phone.say(f"电话就是{MOBILE}", "V5", MOBILE[-4:])
    assert "原地打转" in summary
    number = TICKET_NUMBER.search(phone.say("可以，提交", "GD")).group()

    # The page, which stayed open, has seen all of it and asks for the progress.
    assert number in web.read() or any(number in text for text in web.history())
    assert number in web.say("我的工单到哪一步了")

    # Somebody else knows nothing of it.
    stranger = WeChat(assistant.wechat_url, "openid-of-a-stranger")
    stranger.do("follow", "云栖智家")
    assert "原地打转" not in stranger.say(f"查一下工单 {number}", "没有查到")
