"""A policy change is published at the console: who subscribed gets it once, and can reply to it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from playwright.sync_api import expect

from kefu.config import ROOT
from tests.console import PASSWORD
from tests.e2e.customer import Customer
from tests.e2e.devices import App, WeChat, until

POLICY = "智能门锁保修"
CHANGE = "整机保修延长到 4 年。"
ENGLISH = "The warranty is now 4 years."

_HIRE = """
from sqlalchemy import select
from kefu.console.models import Account
from kefu.db import session_scope
from tests.console import account
with session_scope() as session:
    known = session.scalar(select(Account.id).filter_by(login="zhou"))
known or account("zhou", "designer", "周宁")
"""

#: Gives the customer of an account hours of their own; a phone has no page on which to choose them.
_HOURS = """
import sys
from datetime import timedelta
from kefu.customers.models import Identity
from kefu.db import session_scope, utcnow
from kefu.notifications import subscriptions
subject, quiet = sys.argv[1], sys.argv[2] == "quiet"
hours = [f"{utcnow() + timedelta(hours=h):%H:%M}" for h in (-1, 2)] if quiet else ["00:00", "00:00"]
with session_scope() as session:
    (one,) = session.query(Identity).filter_by(subject=subject)
    subscriptions.set_manner(session, one.id, zone="UTC", quiet_from=hours[0], quiet_until=hours[1])
"""


def run(assistant, program, *arguments):
    subprocess.run([sys.executable, "-c", program, *arguments], cwd=ROOT, env=assistant.environ, check=True)


@pytest.fixture
def designer(assistant, browser):
    """A designer's browser at the console's page of policy news."""
    run(assistant, _HIRE)
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(assistant.console)
    page.get_by_label("账号").fill("zhou")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.get_by_role("menuitem", name="通知").click()
    page.get_by_role("tab", name="政策变更").click()
    yield page
    context.close()


def publish(page, change, english):
    page.get_by_label("政策名称").fill(POLICY)
    page.get_by_label("变更摘要（中文）").fill(change)
    page.get_by_label("变更摘要（英文）").fill(english)
    page.get_by_role("button", name="发布并通知订阅客户").click()


def test_subscribers_on_every_channel_get_a_policy_change_once_and_reply_to_it(assistant, page, designer):
    # On the page by its settings, in the app in English, on WeChat in the chat; one is asleep.
    web = Customer(page)
    web.visit(assistant.chat)
    web.say("你好")
    page.get_by_role("button", name="通知设置").click()
    page.get_by_label("政策变更").check()
    for label in ("免打扰开始", "免打扰结束"):
        page.get_by_label(label).fill("00:00")
        page.get_by_label(label).blur()
    page.get_by_role("button", name="完成").click()
    app, asleep = App(assistant.url, "account-of-news"), App(assistant.url, "account-asleep")
    assert "policy changes" in app.say("please subscribe me to policy changes")
    asleep.say("订阅政策通知")
    run(assistant, _HOURS, "account-of-news", "awake")
    run(assistant, _HOURS, "account-asleep", "quiet")
    phone = WeChat(assistant.wechat_url, "openid-of-news")
    phone.do("follow", "云栖智家")
    phone.say("订阅政策通知", "已为您订阅")
    run(assistant, _HOURS, "openid-of-news", "awake")

    def heard(device):
        return "\n".join(m.get("text") or "" for m in device.ask("GET", "/messages")["messages"])

    publish(designer, CHANGE, ENGLISH)
    expect(designer.get_by_text("已通知 4 位订阅客户")).to_be_visible()
    expect(page.get_by_text(CHANGE)).to_have_count(1)
    until(lambda: ENGLISH in heard(app))
    until(lambda: CHANGE in phone.everything())

    # What it was about is understood; so is that somebody wants no more.
    assert "适用于智能门锁" in web.say("这个对我的门锁有影响吗")
    assert "没有影响" in web.say("那这个对我的扫地机器人有影响吗")
    phone.say("退订", "已退订政策变更")
    publish(designer, "电池保修延长到 1 年。", "Batteries are covered for 1 year.")
    until(lambda: "Batteries" in heard(app))
    expect(page.get_by_text("电池保修延长到")).to_have_count(1)
    assert "电池" not in phone.everything()

    # Each once; nobody was woken.
    assert heard(app).count(ENGLISH) == 1 and phone.everything().count(CHANGE) == 1
    expect(page.get_by_text(f"【政策变更】{POLICY}：{CHANGE}")).to_have_count(1)
    assert CHANGE not in heard(asleep)
