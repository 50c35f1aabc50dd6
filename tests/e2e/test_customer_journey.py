"""What a customer lives through, from the first greeting to the progress of their ticket.

One conversation leads to a ticket (the fixture `ticket`); each test asks something of it.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from kefu.tickets.numbers import is_valid
from tests.e2e.customer import TICKET_NUMBER, Customer

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}


@dataclass
class Opened:
    """A ticket, and the page of the customer who opened it."""

    customer: Customer
    number: str


@pytest.fixture(scope="module")
def ticket(assistant, browser):
    """A customer on a phone asks about a lock, tries what is advised, and has a ticket opened."""
    context = browser.new_context(locale="zh-CN", viewport=PHONE, has_touch=True, is_mobile=True)
    customer = Customer(context.new_page())
    greeting = customer.visit(assistant.chat)
    assert "云栖智家" in greeting and customer.button("查工单进度").is_visible()
    assert "小栖" in customer.say("你好")
    assert "1899" in customer.say("L3 多少钱")
    first = customer.say("L3 指纹识别不了")
    assert "1." in _steps(customer) and "指纹" in first and "解决了吗" in first
    second = customer.press("还没解决")
    assert "解决了吗" in second and second != first
    while customer.button("还没解决").count():
        offer = customer.press("还没解决")
    assert "工单" in offer
    assert "电话" in customer.press("好的，登记")
    summary = customer.say("138 0013 8000")
    assert "L3" in summary and "指纹" in summary and "13800138000" in summary
    number = TICKET_NUMBER.search(customer.press("可以，提交")).group()
    assert is_valid(number)
    yield Opened(customer, number)
    context.close()


def _steps(customer):
    """The newest answer's numbered steps, numbers included."""
    script = "list => [...list.children].map((step, n) => `${n + 1}. ${step.innerText}`).join('\\n')"
    return customer.page.locator(".Message.left ol").last.evaluate(script)


def _rows(assistant, query, *values):
    with sqlite3.connect(assistant.var_dir / "kefu.db") as database:
        return database.execute(query, values).fetchall()


def test_the_ticket_and_what_happened_are_in_the_database(ticket, assistant):
    fields = "customer, kind, status, product, line, function, phone, channel"
    [row] = _rows(assistant, f"SELECT {fields} FROM tickets WHERE number = ?", ticket.number)
    customer, *facts = row
    assert facts == ["repair", "new", "L3", "智能门锁", "指纹开锁", "13800138000", "web"]
    events = [kind for (kind,) in _rows(assistant, "SELECT kind FROM event_log WHERE customer = ?", customer)]
    assert events.count("ticket.opened") == 1 and events.count("question.asked") == 2


def test_neither_logs_nor_events_hold_what_the_customer_said(ticket, assistant):
    logs = assistant.log("rasa") + assistant.log("actions")
    told = logs + str(_rows(assistant, "SELECT data FROM event_log"))
    for secret in ("13800138000", "138 0013 8000", "L3 指纹识别不了"):
        assert secret not in told


def test_after_a_reload_the_conversation_is_there(ticket):
    before = ticket.customer.history()
    ticket.customer.page.reload()
    ticket.customer.is_online()
    expect(ticket.customer.page.locator(".Message .Bubble")).to_have_count(len(before))
    assert ticket.customer.history() == before
    assert ticket.number in ticket.customer.say("刚才那个工单到哪一步了")


def test_nobody_else_is_told_of_the_ticket(ticket, assistant, page):
    stranger = Customer(page)
    stranger.visit(assistant.chat)
    answer = stranger.say(f"查一下工单 {ticket.number}")
    assert "没有查到" in answer and "L3" not in answer and "13800138000" not in answer
    assert ticket.number not in stranger.say("我的工单到哪一步了")


def test_after_a_restart_of_every_process_the_open_page_goes_on(ticket, assistant):
    before = ticket.customer.history()
    assistant.restart()
    ticket.customer.is_online()
    assert ticket.number in ticket.customer.say("我的工单处理得怎么样了")
    assert ticket.customer.history()[: len(before)] == before


def test_a_message_typed_during_a_power_cut_is_answered_once(ticket, assistant):
    customer = ticket.customer
    before = customer.page.locator(".Message.left").count()
    with assistant.power_cut():
        expect(customer.page.get_by_role("banner").get_by_role("status")).to_have_text("正在重新连接…")
        expect(customer.page.locator(".notice")).to_contain_text("暂时连不上客服")
        customer.type(f"工单 {ticket.number} 的进度")
        expect(customer.page.locator(".receipt")).to_have_text("等待网络")
    customer.is_online()
    assert ticket.number in customer.read()
    expect(customer.page.locator(".notice")).to_have_count(0)
    assert customer.say("谢谢")
    expect(customer.page.locator(".Message.left")).to_have_count(before + 2)


def test_a_message_taken_before_a_power_cut_is_answered_once(ticket, assistant):
    customer = ticket.customer
    before = customer.page.locator(".Message.left").count()
    customer.type("谢谢你")
    expect(customer.page.locator(".receipt", has_text="发送中")).to_have_count(0)
    with assistant.power_cut("rasa"):
        pass
    customer.is_online()
    assert customer.read()
    assert customer.say("再见")
    expect(customer.page.locator(".Message.left")).to_have_count(before + 2)


def test_while_actions_fail_the_customer_is_told_so_and_can_ask_again(assistant, page):
    customer = Customer(page)
    customer.visit(assistant.chat)
    with assistant.power_cut("actions"):
        assert "没能处理成功" in customer.say("L3 多少钱")
    assert "1899" in customer.say("L3 多少钱")


def test_the_page_speaks_english_to_an_english_browser(assistant, browser):
    context = browser.new_context(locale="en-US", viewport=DESKTOP)
    customer = Customer(context.new_page())
    assert customer.visit(assistant.chat).startswith("Hello")
    assert "no ticket yet" in customer.press("Check my ticket")
    assert customer.button("Yes, please").is_visible()
    assert customer.page.locator(".top-status").inner_text() == "Online"
    customer.page.get_by_role("button", name="Switch to Chinese").click()
    expect(customer.page.locator(".Composer-input")).to_have_attribute("placeholder", "请描述您的问题…")
    context.close()


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_everything_is_within_reach_at(viewport, assistant, browser):
    context = browser.new_context(locale="zh-CN", viewport=viewport)
    customer = Customer(context.new_page())
    customer.visit(assistant.chat)
    customer.say("L1 和 L3 有什么区别")
    customer.say("L3 指纹识别不了")
    # The newest message scrolls into view.
    bottom = "[...document.querySelectorAll('.choice')].at(-1).getBoundingClientRect().bottom"
    customer.page.wait_for_function(f"() => {bottom} < innerHeight")
    wide = "() => [...document.querySelectorAll('*')].filter((e) => e.scrollWidth > innerWidth).length"
    assert customer.page.evaluate(wide) == 0
    for name in (".choice:enabled", ".Composer-input", ".Composer-sendBtn", ".top-language"):
        box = customer.page.locator(name).last.bounding_box()
        assert box["height"] >= 36 and box["x"] >= 0 and box["x"] + box["width"] <= viewport["width"]
        assert box["y"] + box["height"] <= viewport["height"]
    context.close()
