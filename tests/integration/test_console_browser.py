"""Operators at work in a real browser, on a real console process."""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from kefu import db
from kefu.config import settings
from kefu.conversations.ledger import Ledger
from kefu.db import session_scope
from kefu.handoff import agents, service
from kefu.handoff.models import Agent, Handoff
from kefu.knowledge.load import load
from kefu.run import builds
from tests import browser as browsers
from tests import console as people

SECONDS = 15_000


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    """A running console with the demo company's knowledge, and nobody who is given customers unasked."""
    builds.page()
    folder = tmp_path_factory.mktemp("console")
    before = os.environ["KEFU_VAR_DIR"]
    os.environ["KEFU_VAR_DIR"] = str(folder)
    forget()
    db.migrate()
    load()
    for login, role, name in (
        ("li", "agent", "李晓雨"),
        ("wang", "agent", "王磊"),
        ("zhao", "supervisor", "赵敏"),
        ("zhou", "admin", "周正"),
    ):
        people.account(login, role, name)
    running = people.Console(folder, KEFU_ASSIGN_SECONDS="3600")
    try:
        yield running.start()
    finally:
        running.stop()
        os.environ["KEFU_VAR_DIR"] = before
        forget()


def forget():
    if settings.cache_info().currsize:
        db.engine().dispose()
    settings.cache_clear()
    db.engine.cache_clear()


@pytest.fixture(scope="module")
def browser(console) -> Browser:
    path = browsers.find()
    if not path:
        pytest.skip(browsers.MISSING)
    with sync_playwright() as playwright:
        expect.set_options(timeout=SECONDS)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def opened(console, browser):
    """Opens a desk: a browser of its own, logged in; the pages' own errors fail the test."""
    contexts, errors = [], []

    def open_desk(login: str, width: int = 1280, online: bool = True) -> Page:
        context = browser.new_context(locale="zh-CN", viewport={"width": width, "height": 800})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(console.url)
        page.get_by_label("账号").fill(login)
        page.get_by_label("密码").fill(people.PASSWORD)
        page.get_by_role("button", name="登录").click()
        if online:
            page.locator(".presence").click()
            page.locator(".ant-select-item-option").filter(has_text="在线").click()
            expect(page.locator(".presence")).to_contain_text("在线")
        return page

    yield open_desk
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def waiting(console):
    """A customer who asked for a person; gone again after the test."""
    sender = people.customer(os.urandom(4).hex(), "wechat")
    people.answers(people.says(sender, "我家 L3 门锁指纹识别失败"), "请擦干净指纹头再试。")
    handoff = people.waits(sender, "还是不行，转人工")
    yield sender, handoff
    with session_scope() as session:
        if service.leave(session, sender.id):
            return
        if session.get(Handoff, handoff).state == "human":
            service.end(session, handoff, "test")


def queued(page: Page, sender):
    return page.get_by_role("list", name="排队").get_by_role("listitem").filter(has_text=sender.id[-4:])


def mine(page: Page, sender):
    return page.get_by_role("list", name="我的会话").get_by_role("listitem").filter(has_text=sender.id[-4:])


def box(page: Page):
    return page.get_by_role("textbox", name=re.compile("输入回复"))


def spoken(sender):
    return [entry.body["text"] for entry in Ledger().after(sender.id, 0, 99)]


def test_a_customer_is_accepted_answered_and_let_go(opened, waiting):
    sender, handoff = waiting
    page = opened("li")
    expect(page).to_have_title(re.compile(r"\(1\)"))
    queued(page, sender).get_by_role("button", name="接待").click()
    expect(mine(page, sender)).to_be_visible()
    chat = page.get_by_role("log")
    expect(chat).to_contain_text("请擦干净指纹头再试。")
    box(page).fill("您好，我来处理。")
    box(page).press("Enter")
    expect(chat).to_contain_text("您好，我来处理。")
    assert spoken(sender)[-1] == "您好，我来处理。"
    people.says(sender, "谢谢，在线等")
    expect(chat).to_contain_text("谢谢，在线等")
    expect(chat.get_by_text("您好，我来处理。")).to_have_count(1)
    page.get_by_role("button", name="结束").click()
    page.get_by_label("与客户约定了什么").fill("明天上午上门")
    page.get_by_role("dialog").get_by_role("button", name="结束").click()
    expect(mine(page, sender)).to_have_count(0)
    with session_scope() as session:
        assert (session.get(Handoff, handoff).state, session.get(Handoff, handoff).note) == (
            "closed",
            "明天上午上门",
        )


def test_a_customer_is_handed_on_to_a_colleague_who_sees_the_whole_history(opened, waiting):
    sender, _ = waiting
    li, wang = opened("li"), opened("wang", width=820)
    queued(li, sender).get_by_role("button", name="接待").click()
    expect(queued(wang, sender)).to_have_count(0)
    box(li).fill("请稍等，我请同事来。")
    box(li).press("Enter")
    li.get_by_role("button", name="转接").click()
    li.get_by_role("radio", name=re.compile("王磊")).check()
    li.get_by_role("dialog").get_by_role("button", name="转接").click()
    queued(wang, sender).get_by_role("button", name="接待").click()
    for text in (
        "我家 L3 门锁指纹识别失败",
        "请擦干净指纹头再试。",
        "还是不行，转人工",
        "请稍等，我请同事来。",
    ):
        expect(wang.get_by_role("log")).to_contain_text(text)
    expect(mine(li, sender)).to_have_count(0)
    wang.get_by_role("button", name="客户资料").click()
    expect(wang.get_by_role("dialog")).to_contain_text("推荐回答")


def test_suggested_and_canned_answers_are_put_into_the_box_to_be_edited(opened, waiting):
    sender, _ = waiting
    page = opened("li")
    queued(page, sender).get_by_role("button", name="接待").click()
    page.get_by_label("搜索知识库").fill("L3 指纹识别失败怎么办")
    page.get_by_label("搜索知识库").press("Enter")
    page.get_by_role("button", name="插入").first.click()
    expect(box(page)).not_to_have_value("")
    box(page).fill("")
    box(page).press("/")
    page.get_by_label("搜索常用语").fill("订单号")
    page.get_by_label("搜索常用语").press("Enter")
    expect(box(page)).to_have_value("请您提供一下订单号，我来查询。")
    box(page).press("Enter")
    expect(page.get_by_role("log")).to_contain_text("请您提供一下订单号")


def test_messages_of_chats_that_are_not_looked_at_are_counted(opened, waiting):
    sender, _ = waiting
    page = opened("li")
    queued(page, sender).get_by_role("button", name="接待").click()
    expect(mine(page, sender)).to_be_visible()
    page.goto(page.url.split("#")[0] + "#tickets")
    people.says(sender, "有人吗")
    expect(page).to_have_title(re.compile(r"\(1\)"))
    page.goto(page.url.split("#")[0] + "#desk")
    mine(page, sender).get_by_role("button").click()
    expect(page).not_to_have_title(re.compile(r"\("))


def test_a_supervisor_looks_on_and_steps_in(opened, waiting):
    sender, _ = waiting
    li, zhao = opened("li"), opened("zhao")
    queued(li, sender).get_by_role("button", name="接待").click()
    zhao.goto(zhao.url.split("#")[0] + "#supervisor")
    zhao.get_by_role("row").filter(has_text=sender.id[-4:]).get_by_role("button", name="查看").click()
    people.says(sender, "我要投诉")
    expect(zhao.get_by_role("log")).to_contain_text("我要投诉")
    zhao.get_by_role("button", name="介入").click()
    expect(mine(li, sender)).to_have_count(0)
    mine(zhao, sender).get_by_role("button").click()
    box(zhao).fill("我是主管，这就为您处理。")
    box(zhao).press("Enter")
    expect(zhao.get_by_role("log")).to_contain_text("我是主管")


def test_who_closes_the_browser_is_sent_offline_and_the_customer_waits_again(opened, waiting):
    sender, handoff = waiting
    page = opened("li")
    queued(page, sender).get_by_role("button", name="接待").click()
    expect(mine(page, sender)).to_be_visible()
    page.context.close()
    other = opened("wang")
    expect(queued(other, sender)).to_be_visible(timeout=50_000)
    with session_scope() as session:
        handoff = session.get(Handoff, handoff)
        li = session.query(Agent).filter_by(name="李晓雨").one()
        assert (handoff.state, li.status) == ("queued", "offline")
        assert agents.dismiss_silent(session) == []


def test_tickets_are_filtered_and_moved_on_many_at_once(opened):
    numbers = [
        people.ticket(people.customer(f"t{n}"), f"摄像头第 {n} 次掉线", urgency="high") for n in range(3)
    ]
    page = opened("li", online=False)
    page.goto(page.url.split("#")[0] + "#tickets")
    for number in numbers:
        expect(page.get_by_role("row").filter(has_text=number)).to_contain_text("待分派")
        page.get_by_role("row").filter(has_text=number).get_by_role("checkbox").check()
    page.get_by_role("button", name="改为 处理中").click()
    for number in numbers:
        expect(page.get_by_role("row").filter(has_text=number)).to_contain_text("处理中")
    page.get_by_label("工单号、尾号、电话或客户编号").fill(numbers[1][-5:])
    page.get_by_label("工单号、尾号、电话或客户编号").press("Enter")
    expect(page.locator("tbody").get_by_role("checkbox")).to_have_count(1)
    page.get_by_role("button", name=numbers[1]).click()
    page.get_by_role("dialog").get_by_role("button", name="已解决").click()
    expect(page.get_by_role("dialog")).to_contain_text("李晓雨")


def test_the_first_administrator_gets_in_by_the_command_and_makes_an_account(console, opened, browser, capfd):
    from kefu.console.__main__ import main

    assert main(["admin", "boss"]) == 0
    password = capfd.readouterr().out.split("password: ")[1].split()[0]
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(console.url)
    page.get_by_label("账号").fill("boss")
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()
    page.get_by_label("当前密码").fill(password)
    page.get_by_label("新密码", exact=True).fill(people.PASSWORD)
    page.get_by_label("再输入一次新密码").fill(people.PASSWORD)
    page.get_by_role("button", name="保存").click()
    page.get_by_role("button", name="新建账号").click()
    page.get_by_role("dialog").get_by_label("账号").fill("xin")
    page.get_by_role("dialog").get_by_label("姓名").fill("新同事")
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    expect(page.get_by_text("一次性密码")).to_be_visible()
    context.close()


def test_an_administrator_lets_another_system_call_and_be_told(console, opened):
    page = opened("zhou", online=False)
    page.get_by_role("menuitem", name="开放接口").click()
    page.get_by_role("button", name="新建令牌").click()
    page.get_by_label("系统名称").fill("CRM")
    page.get_by_label("tickets:read").check()
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".one-time")).to_contain_text("kefu_")
    text = page.locator(".one-time").inner_text().strip()
    page.get_by_role("dialog").filter(has_text="只显示这一次").get_by_role("button", name="确定").click()
    bearer = {"Authorization": f"Bearer {text}"}
    tickets = page.request.get(f"{console.url}/api/v1/tickets", headers=bearer)
    assert tickets.status == 200
    page.get_by_role("row").filter(has_text="CRM").get_by_role("button", name="吊销").click()
    page.get_by_role("tooltip").get_by_role("button", name="确定").click()
    expect(page.get_by_role("row").filter(has_text="CRM")).to_contain_text("已吊销")

    page.get_by_role("tab", name="Webhook 推送").click()
    page.get_by_role("button", name="新建推送").click()
    page.get_by_label("接收地址").fill("http://127.0.0.1:9/kefu")
    page.get_by_label("事件类型").fill("ticket.*")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("内网地址需要先设置 KEFU_WEBHOOK_PRIVATE=1")).to_be_visible()
    page.get_by_label("接收地址").fill("https://crm.invalid/kefu")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".one-time")).to_contain_text("whsec_")
    page.get_by_role("dialog").filter(has_text="只显示这一次").get_by_role("button", name="确定").click()
    row = page.get_by_role("row").filter(has_text="crm.invalid")
    expect(row).to_contain_text("ticket.*")
    row.get_by_role("button", name="推送记录").click()
    page.get_by_role("button", name="发送测试事件").click()
    expect(page.get_by_role("row").filter(has_text="webhook.tested")).to_be_visible()
