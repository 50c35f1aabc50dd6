"""A customer on WeChat is taken over by a person at the console, and given back to the bot."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from kefu.config import ROOT
from tests.console import PASSWORD
from tests.e2e.devices import WeChat, until

NAME = "李晓雨"


_HIRE = f"""
from sqlalchemy import select
from kefu.console.models import Account
from kefu.db import session_scope
from tests.console import account
with session_scope() as session:
    known = session.scalar(select(Account.id).filter_by(login="li"))
known or account("li", "agent", {NAME!r}, online=False)
"""


@pytest.fixture
def operator(assistant, browser):
    """An operator's browser, logged in and online."""
    subprocess.run([sys.executable, "-c", _HIRE], cwd=ROOT, env=assistant.environ, check=True)
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(assistant.console)
    page.get_by_label("账号").fill("li")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.locator(".presence").click()
    page.locator(".ant-select-item-option").filter(has_text="在线").click()
    expect(page.locator(".presence")).to_contain_text("在线")
    yield page
    context.close()


def test_a_person_takes_a_customer_over_from_the_bot_and_gives_them_back(assistant, operator):
    phone = WeChat(assistant.wechat_url, "openid-of-a-takeover")
    phone.do("follow", "云栖智家")
    phone.say("我家R1路由器老是掉线", "解决了吗")
    phone.say("转人工", "位")

    # The operator takes them, with all that was said.
    queue = operator.get_by_role("list", name="排队").get_by_role("listitem")
    queue.first.get_by_role("button", name="接待").click()
    chat = operator.get_by_role("log")
    expect(chat).to_contain_text("我家R1路由器老是掉线")
    until(lambda: f"{NAME} 已接入" in phone.heard())

    # The bot is silent, also to what it could answer, and after its server was gone.
    phone.tell("L3 多少钱")
    expect(chat).to_contain_text("L3 多少钱")
    assistant.restart("rasa")
    phone.tell("你还在吗")
    expect(chat).to_contain_text("你还在吗")
    box = operator.get_by_role("textbox", name=re.compile("输入回复"))
    box.fill("在的，我先帮您登记换新。")
    box.press("Enter")
    until(lambda: "在的，我先帮您登记换新。" in phone.heard())
    assert "1899" not in phone.everything() and phone.everything().count("在的，我先帮您登记换新。") == 1

    # They part; the customer knows what was agreed, and the bot answers again.
    operator.get_by_role("button", name="结束").click()
    operator.get_by_label("与客户约定（会发给客户").fill("三天内寄出新的 R1")
    operator.get_by_role("dialog").get_by_role("button", name="结束").click()
    until(lambda: "三天内寄出新的 R1" in phone.heard())
    phone.say("L3 多少钱", "1899")


def test_when_the_operators_browser_closes_the_customer_is_told_and_waits_again(assistant, operator):
    phone = WeChat(assistant.wechat_url, "openid-of-a-lost-operator")
    phone.do("follow", "云栖智家")
    phone.say("找人工客服", "位")
    operator.get_by_role("list", name="排队").get_by_role("listitem").first.get_by_role(
        "button", name="接待"
    ).click()
    until(lambda: f"{NAME} 已接入" in phone.heard())
    operator.close()
    until(lambda: "其他同事接着为您处理，您排在第" in phone.heard())
