"""Operators at work in a real browser, on a real console process."""

from __future__ import annotations

import os
import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from kefu import db
from kefu.config import settings
from kefu.conversations.ledger import Ledger
from kefu.customers import service as customers
from kefu.db import session_scope
from kefu.handoff import agents, service
from kefu.handoff.models import Agent, Handoff
from kefu.knowledge.load import load
from kefu.run import builds
from kefu.tickets import progress
from kefu.tickets.steps import Actor
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
        ("zhou", "admin", "周宁"),
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
    """Opens a desk: a browser of its own, logged in; the pages' own errors fail the test.

    Without motion: a click on what is still moving may press here and let go there.
    """
    contexts, errors = [], []

    def open_desk(login: str, width: int = 1280, online: bool = True) -> Page:
        size = {"width": width, "height": 800}
        context = browser.new_context(locale="zh-CN", viewport=size, reduced_motion="reduce")
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
    with session_scope() as session:
        service.types(session, sender.id, "customer")
    expect(page.get_by_text("对方正在输入")).to_be_visible()
    box(page).fill("还没写完")
    page.reload()
    expect(box(page)).to_have_value("还没写完")
    page.get_by_role("button", name="结束").click()
    page.get_by_label("与客户约定（会发给客户").fill("明天上午上门")
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
    li.get_by_label("转接原因").fill("要查库存")
    li.get_by_role("dialog").get_by_role("button", name="转接").click()
    notice = wang.get_by_role("alert").filter(has_text="有同事把客户转给您")
    notice.get_by_role("button", name="查看").click()
    expect(wang.get_by_text("要查库存")).to_be_visible()
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
    page.get_by_role("button", name="插入").first.click(timeout=120_000)  # an index is built
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
    expect(li.get_by_role("alert").get_by_text(f"客户 {sender.id[-4:]} 已由同事接手")).to_be_visible()
    box(zhao).fill("我是主管，这就为您处理。")
    box(zhao).press("Enter")
    expect(zhao.get_by_role("log")).to_contain_text("我是主管")


def test_what_did_not_get_through_stays_with_its_customer_and_is_sent_again(opened, waiting):
    sender, handoff = waiting
    other = people.customer(os.urandom(4).hex(), "wechat")
    people.waits(other, "路由器断网", queue="general")
    page = opened("li")
    for one in (other, sender):
        queued(page, one).get_by_role("button", name="接待").click()
        expect(mine(page, one)).to_be_visible()
    page.route("**/messages", lambda route: route.abort())
    box(page).fill("您好，请稍等。")
    box(page).press("Enter")
    expect(page.get_by_role("button", name="未发出，点击重试")).to_be_visible()
    page.get_by_role("tab", name="内部备注").click()
    page.get_by_label("写一条备注，客户看不到").fill("这位客户的事")
    mine(page, other).get_by_role("button").click()
    expect(page.get_by_role("log")).to_contain_text("路由器断网")
    expect(page.get_by_role("button", name="未发出，点击重试")).to_have_count(0)
    page.get_by_role("tab", name="内部备注").click()
    expect(page.get_by_label("写一条备注，客户看不到")).to_have_value("")
    page.unroute("**/messages")
    mine(page, sender).get_by_role("button").click()
    page.get_by_role("button", name="未发出，点击重试").click()
    expect(page.get_by_role("log")).to_contain_text("您好，请稍等。")
    assert spoken(sender)[-1] == "您好，请稍等。"

    page.route("**/end", lambda route: route.abort())
    page.get_by_role("button", name="结束").click()
    page.keyboard.type("明天上门")
    page.keyboard.press("Control+Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("网络连接不上")
    page.unroute("**/end")
    page.keyboard.press("Control+Enter")
    expect(dialog).to_have_count(0)
    with session_scope() as session:
        assert session.get(Handoff, handoff).note == "明天上门"
        service.end(session, service.current(session, other.id).id, "test")


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
    page = opened("li")
    page.goto(page.url.split("#")[0] + "#tickets")
    for number in numbers:
        expect(page.get_by_role("row").filter(has_text=number)).to_contain_text("待分派")
        page.get_by_role("row").filter(has_text=number).get_by_role("checkbox").check()
    page.get_by_role("button", name="开始处理").click()
    for number in numbers:
        expect(page.get_by_role("row").filter(has_text=number)).to_contain_text("处理中")
    page.get_by_label("工单号、尾号、电话或客户编号").fill(numbers[1][-5:])
    page.get_by_label("工单号、尾号、电话或客户编号").press("Enter")
    expect(page.locator("tbody").get_by_role("checkbox")).to_have_count(1)
    page.get_by_role("button", name=numbers[1]).click()
    page.get_by_role("dialog").get_by_role("button", name="升级给主管").click()
    asked = page.get_by_role("dialog").filter(has_text="优先级提高一级")
    asked.get_by_label("原因（可不填）").fill("客户要求主管回电")
    asked.get_by_role("button", name="升级给主管").click()
    expect(page.locator(".ant-modal")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_contain_text("升级给主管：客户要求主管回电")
    page.get_by_role("dialog").get_by_role("button", name="处理完成").click()
    expect(page.get_by_label("处理结果（客户会看到，可不填）")).to_be_visible()


def test_dialogs_on_a_ticket_are_worked_with_the_keyboard_and_say_what_is_refused(opened):
    sender = people.customer("t7", "wechat")
    number, foreign = people.ticket(sender, "门锁打不开"), people.ticket(people.customer("t6"), "摄像头不亮")
    page = opened("li")
    page.goto(page.url.split("#")[0] + f"#tickets/{number}")
    drawer, modal = page.locator(".ant-drawer"), page.locator(".ant-modal")
    expect(drawer).to_contain_text("门锁打不开")
    reply = drawer.get_by_role("button", name="回复客户")
    reply.click()
    expect(page.get_by_label("回复内容")).to_be_focused()
    page.keyboard.press("Escape")
    expect(modal).to_have_count(0)
    expect(reply).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("回复内容")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(modal).to_contain_text("请填写")
    page.keyboard.type("已安排师傅。")
    page.keyboard.press("Enter")
    page.keyboard.type("今天联系您。")
    with session_scope() as session:
        progress.comment(session, number, "客户又来电话了", Actor("agent", "account:0", "王磊"))
    expect(drawer).to_contain_text("客户又来电话了")
    page.keyboard.press("Control+Enter")
    expect(modal.get_by_role("alert")).to_contain_text("刚刚有同事改动过")
    page.keyboard.press("Control+Enter")
    expect(modal).to_have_count(0)
    expect(drawer).to_contain_text("今天联系您。")
    assert spoken(sender)[-1] == "已安排师傅。\n今天联系您。"
    drawer.get_by_role("button", name="合并到").click()
    page.keyboard.type(foreign)
    page.keyboard.press("Control+Enter")
    expect(modal.locator(".ant-form-item-explain-error")).to_contain_text("同一客户的另一张工单")
    page.keyboard.press("Escape")
    expect(modal).to_have_count(0)
    drawer.get_by_role("button", name="处理完成").click()
    page.keyboard.type("换了电池")
    page.keyboard.press("Control+Enter")
    expect(drawer).to_contain_text("已解决")
    expect(drawer.get_by_role("button", name="处理完成")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    page.get_by_role("button", name=number).focus()
    page.keyboard.press("Enter")
    expect(drawer).to_contain_text("换了电池")
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(page.get_by_role("button", name=number)).to_be_focused()
    page.get_by_role("menuitem", name="工单").click()
    expect(page.get_by_label("工单号、尾号、电话或客户编号")).to_have_value("")
    expect(listed(page, foreign)).to_be_visible()


def listed(page: Page, number):
    return page.get_by_role("row").filter(has_text=number)


def choose(page: Page, box: str, option: str):
    page.get_by_label(box, exact=True).first.click()
    page.locator(".ant-select-item-option:visible").filter(has_text=option).click()


def hand_on(page: Page, to: str, reason: str):
    dialog = page.get_by_role("dialog").filter(has_text="转交工单")
    dialog.get_by_role("combobox").fill(to)
    page.locator(".ant-select-item-option:visible").filter(has_text=to).click()
    dialog.get_by_label("转交原因").fill(reason)
    dialog.get_by_role("button", name="转交").click()


def test_a_ticket_is_taken_handed_on_and_shown_to_the_colleague_at_once(opened):
    number = people.ticket(people.customer("t9"), "摄像头黑屏", line="智能摄像头")
    li, wang = opened("li"), opened("wang", width=820)
    for page in (li, wang):
        page.goto(page.url.split("#")[0] + "#tickets")
    choose(wang, "负责人", "我负责的")
    expect(listed(li, number)).to_contain_text("待领取")
    expect(listed(li, number)).to_contain_text("按时")
    li.get_by_role("button", name=number).click()
    drawer = li.get_by_role("dialog").filter(has_text=number)
    drawer.get_by_role("button", name="领取").click()
    expect(drawer.get_by_text("自己领取").first).to_be_visible()
    drawer.get_by_role("button", name="转交").click()
    hand_on(li, "王磊", "我明天休息")
    expect(drawer).to_contain_text("我明天休息")
    expect(wang.get_by_text(f"工单 {number} 分给您了")).to_be_visible()
    expect(listed(wang, number)).to_contain_text("王磊")
    expect(listed(li, number)).to_contain_text("王磊")


def test_a_supervisor_sees_what_is_late_and_gives_it_to_somebody(opened):
    zhao, li = opened("zhao"), opened("li")  # before it is late: they are told once
    number = people.ticket(people.customer("t8"), "门锁冒烟", urgency="critical", line="智能门锁")
    with session_scope() as session:
        ticket = progress.get(session, number)
        ticket.opened_at -= timedelta(hours=1)  # danger is answered within ten minutes
        ticket.respond_by = ticket.sla_at = ticket.opened_at
    expect(zhao.get_by_text(f"工单 {number} 已超时")).to_be_visible()
    zhao.goto(zhao.url.split("#")[0] + "#supervisor")
    safety = zhao.get_by_role("row").filter(has_text="安全应急组")
    safety.get_by_role("button", name="1").nth(1).click()  # new, late, escalated
    expect(listed(zhao, number)).to_contain_text("已超时")
    listed(zhao, number).get_by_role("checkbox").check()
    zhao.get_by_role("button", name="转交").click()
    hand_on(zhao, "李晓雨", "请马上联系客户")
    expect(listed(zhao, number)).to_contain_text("李晓雨")
    expect(li.get_by_text(f"工单 {number} 分给您了")).to_be_visible()


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


#: What is said in Chinese though the page is in English, and what is cut off without a sign that it is.
_FAULTS = """known => {
  const words = '.bubble-body, .preview, .asked, .suggestion';  // of customers and of the knowledge
  const shown = (element) => element.offsetParent !== null && !element.closest(words);
  const faults = [];
  for (const element of document.body.querySelectorAll('*')) {
    if (!shown(element)) continue;
    const texts = [...element.childNodes].filter((node) => node.nodeType === 3);
    const own = texts.map((node) => node.textContent.trim());
    const said = [...own, element.placeholder, element.title, element.getAttribute('aria-label')];
    for (const word of said) {
      const chinese = /[\u4e00-\u9fff]/.test(word || '');
      if (chinese && !known.some((one) => word.includes(one))) faults.push(`Chinese: ${word}`);
    }
    const style = getComputedStyle(element);
    const cut = element.scrollWidth > element.clientWidth + 1 && ['hidden', 'clip'].includes(style.overflowX);
    if (cut && own.some(Boolean) && style.textOverflow !== 'ellipsis' && element.clientWidth > 1) {
      faults.push(`cut: ${own.join(' ')}`);
    }
  }
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth) faults.push(`the page is ${scrollWidth} wide`);
  return faults;
}"""


@pytest.mark.parametrize("width", [1280, 820])
def test_every_page_is_in_english_and_nothing_is_cut_off(opened, waiting, width, tmp_path):
    sender, handoff = waiting
    number = people.ticket(sender, "The lock does not open", urgency="high", mood="angry")
    page = opened("zhao", width=width)
    page.get_by_role("button", name="English").click()
    # The button to the other language, and what people have written: names, customers' words.
    written = [
        "李晓雨",
        "王磊",
        "赵敏",
        "周宁",
        "新同事",
        "摄像头",
        "门锁",
        "指纹",
    ]
    known = ["中文", *written]
    faults = []

    def look(name, page=page):
        page.wait_for_load_state("networkidle")
        page.screenshot(path=tmp_path / f"{name}.png")
        faults.extend(f"{name}: {fault}" for fault in page.evaluate(_FAULTS, known))

    waits = page.get_by_role("list", name="Waiting").get_by_role("listitem").filter(has_text=sender.id[-4:])
    waits.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("log")).to_be_visible()
    look("desk")
    page.get_by_role("button", name="Transfer").click()
    expect(page.get_by_role("dialog")).to_contain_text("To a colleague")
    look("transfer")
    page.keyboard.press("Escape")
    if width < 1000:
        page.get_by_role("button", name="Details").click()
    page.get_by_role("tab", name="Details").click()
    expect(page.get_by_role("combobox", name="Level")).to_be_visible()
    look("details")
    for name in ("tickets", "customers", "supervisor", "knowledge"):
        page.goto(page.url.split("#")[0] + f"#{name}")
        look(name)
    page.goto(page.url.split("#")[0] + "#tickets")
    page.get_by_role("button", name=number).click()
    expect(page.get_by_role("dialog")).to_contain_text("Angry")
    look("ticket")
    admin = opened("zhou", width=width, online=False)
    admin.get_by_role("button", name="English").click()
    for name in ("accounts", "audit"):
        admin.goto(admin.url.split("#")[0] + f"#{name}")
        look(name, admin)
    assert faults == []


def test_the_desk_is_worked_with_the_keyboard_alone(opened, waiting):
    sender, handoff = waiting
    page = opened("zhao")
    queued(page, sender).wait_for()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.get_by_role("log")).to_contain_text("请擦干净指纹头再试。")
    page.locator(".chat-head").get_by_role("button", name="接待").focus()
    page.keyboard.press("Enter")
    expect(box(page)).to_be_focused()
    page.keyboard.type("您好")
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("您好")
    page.keyboard.press("/")
    expect(page.get_by_label("搜索常用语")).to_be_focused()
    page.keyboard.press("Escape")
    expect(box(page)).to_be_focused()
    page.get_by_role("button", name="转接").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="结束").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("与客户约定（会发给客户")).to_be_focused()
    page.keyboard.type("已解决")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(mine(page, sender)).to_have_count(0)
    with session_scope() as session:
        assert (session.get(Handoff, handoff).state, session.get(Handoff, handoff).note) == (
            "closed",
            "已解决",
        )


def test_a_supervisor_gives_a_level_and_the_next_takeover_shows_it(opened, waiting):
    sender, _ = waiting
    zhao = opened("zhao")
    zhao.goto(zhao.url.split("#")[0] + f"#customers/{sender.id}")
    zhao.get_by_role("tab", name="客户资料").click()
    zhao.locator(".level").click()
    zhao.locator(".ant-select-item-option").filter(has_text="VIP").click()
    expect(zhao.locator(".level")).to_contain_text("VIP")
    with session_scope() as session:
        assert customers.level_of(session, sender.id) == "vip"


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
    page.get_by_label("接收地址").click()  # the list of kinds closes
    expect(page.locator(".ant-select-dropdown:visible")).to_have_count(0)
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
