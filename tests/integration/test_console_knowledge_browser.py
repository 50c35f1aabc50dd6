"""A designer at work on the knowledge in a real browser: from a manual to its answer, by hand and by key."""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from kefu import db
from kefu.config import settings
from kefu.db import session_scope
from kefu.knowledge import review
from kefu.knowledge.load import load
from kefu.knowledge.reading import read_into
from kefu.knowledge.review import Reading
from kefu.run import builds
from tests import browser as browsers
from tests import console as people
from tests.company import write_company

SECONDS = 20_000
TEXT = "# D1 手册\n## 颜色\n能调色吗？不能，D1 只能调光。\n## 清洁\n怎么清洁灯罩？用干布擦。\n"
FOUND = {"能调色吗？": "不能，D1 只能调光。", "怎么清洁灯罩？": "用干布擦。"}


def candidate(question, answer):
    start = TEXT.index(answer)
    source = {"document": "D1.md", "heading": "D1 手册", "start": start, "end": start + len(answer)}
    return {
        "kind": "faq", "name": question, "aliases": [], "body": answer, "steps": [], "value": None,
        "unit": None, "line": None, "products": ["D1"], "relations": [], "confidence": 0.8,
        "source": {**source, "quote": answer},
    }  # fmt: skip


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    """A running console with a small company's knowledge and two candidates of a manual."""
    builds.page()
    folder = tmp_path_factory.mktemp("knowledge-console")
    before = os.environ["KEFU_VAR_DIR"]
    write_company(folder / "knowledge")
    os.environ.update(KEFU_VAR_DIR=str(folder), KEFU_KNOWLEDGE_DIR=str(folder / "knowledge"))
    forget()
    db.migrate()
    load()
    people.account("zhou", "designer", "周宁")
    with session_scope() as session:
        document, _ = review.receive(session, "D1.md", "manual", TEXT.encode(), "account:1")
    found = [candidate(*pair) for pair in FOUND.items()]
    read_into(document.id, None, "manual", lambda *_: Reading(TEXT, found, {}))
    running = people.Console(folder)
    try:
        yield running.start()
    finally:
        running.stop()
        os.environ["KEFU_VAR_DIR"] = before
        del os.environ["KEFU_KNOWLEDGE_DIR"]
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
def page(console, browser) -> Page:
    """A designer's page; its own errors fail the test."""
    errors = []
    size = {"width": 1440, "height": 900}
    context = browser.new_context(locale="zh-CN", viewport=size, reduced_motion="reduce")
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(console.url)
    page.get_by_label("账号").fill("zhou")
    page.get_by_label("密码").fill(people.PASSWORD)
    page.get_by_role("button", name="登录").click()
    yield page
    context.close()
    assert errors == []


def ask(page: Page, question: str):
    page.get_by_role("tab", name="试问").click()
    page.get_by_label(re.compile("像客户一样提问")).fill(question)
    page.keyboard.press("Enter")
    return page.locator(".tried li").first


def test_what_a_manual_suggests_is_accepted_and_answered(page):
    queue = page.get_by_role("list", name="待审核")
    queue.get_by_text("能调色吗？").click()
    expect(page.locator("mark")).to_have_text(FOUND["能调色吗？"])
    page.get_by_role("button", name=re.compile("^采纳")).click()
    expect(queue.get_by_text("能调色吗？")).to_have_count(0)
    expect(ask(page, "能调色吗")).to_contain_text(FOUND["能调色吗？"])


def test_the_queue_is_worked_through_by_keys(page):
    queue = page.get_by_role("list", name="待审核")
    queue.get_by_text("怎么清洁灯罩？").click()
    expect(page.locator("mark")).to_have_text(FOUND["怎么清洁灯罩？"])
    page.keyboard.press("r")
    page.get_by_label("拒绝原因").fill("已过时")
    page.keyboard.press("Enter")
    expect(page.get_by_text("没有待审核的内容")).to_be_visible()
    expect(ask(page, "怎么清洁灯罩")).not_to_contain_text(FOUND["怎么清洁灯罩？"])


def test_an_edit_is_answered_and_undone(page):
    page.get_by_role("tab", name="知识条目").click()
    page.get_by_role("button", name="灯能用几年？").click()
    drawer = page.get_by_role("dialog")
    answer = drawer.get_by_label("回答")
    expect(answer).to_have_value(re.compile("10 年"))
    answer.fill("大约能用 12 年。")
    drawer.get_by_role("button", name="发布").click()
    expect(drawer.get_by_text("第 1 版")).to_be_visible()
    drawer.get_by_role("button", name="试问").click()
    expect(page.locator(".tried li").first).to_contain_text("大约能用 12 年。")
    page.locator(".tried li").first.get_by_role("button", name="编辑").click()
    drawer.get_by_role("button", name="撤销上次改动").click()
    expect(drawer.get_by_label("回答")).to_have_value(re.compile("10 年"))
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(page.locator(".tried li").first).to_contain_text("10 年")


def test_a_mistake_in_a_file_of_entries_is_shown_with_its_line(page):
    page.get_by_role("tab", name="导入导出").click()
    rows = "question,products,answer\n能遥控吗？,D9,能。\n"
    page.locator("input[type=file]").nth(1).set_input_files(
        {"name": "faq.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    expect(page.get_by_role("row").filter(has_text="能遥控吗？")).to_contain_text("2")
    expect(page.get_by_text("什么都没有改")).to_be_visible()


def test_the_graph_is_walked_from_node_to_node(page):
    page.get_by_role("tab", name="图谱").click()
    page.get_by_role("button", name=re.compile("智能灯")).click()
    page.get_by_role("button", name=re.compile("D1")).click()
    page.get_by_role("button", name=re.compile("灯不亮")).click()
    expect(page.get_by_role("heading", name="灯不亮")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("没有通电"))).to_be_visible()
