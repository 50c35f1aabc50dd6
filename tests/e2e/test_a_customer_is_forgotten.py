"""A customer of page and app is forgotten at their wish: in every table and file, in memory, on the page."""

from __future__ import annotations

import json
import re

import requests

from kefu.db import connect
from tests import traces
from tests.e2e.customer import TICKET_NUMBER, Customer
from tests.e2e.devices import App, until

MOBILE = "13700137019"
NAME, SECRET, THING = "司徒浅墨", "备用钥匙放在花盆下面", "半夜自己唱歌"
TEXTS = (MOBILE, NAME, SECRET, THING)


def code_for(assistant, known):
    def new():
        messages = requests.get(f"{assistant.sms_url}/messages", timeout=5).json()
        fresh = [m for m in messages if m["phone"].endswith(MOBILE) and m["id"] not in known]
        known.extend(m["id"] for m in fresh)
        return fresh and re.search(r"(?<!\d)\d{6}(?!\d)", fresh[-1]["text"]).group()

    return until(new)


def found(assistant):
    """Where anything of the customer stands; what the simulated phones hold is the customer's own."""
    tables = {}
    for name in ("kefu.db", "tracker.db"):
        database = connect(f"sqlite:///{assistant.var_dir / name}")
        tables |= {(name, word): where for word, where in traces.in_tables(database, TEXTS).items()}
        database.dispose()
    outside = {"sms.log", "wechat.log"}
    files = {word: set(where) - outside for word, where in traces.in_files(assistant.var_dir, TEXTS).items()}
    return tables, {word: where for word, where in files.items() if where}


def test_who_wants_to_be_forgotten_is_gone_from_everywhere(assistant, page):
    web, codes = Customer(page), []
    web.visit(assistant.chat)
    web.say(f"你好，我是{NAME}，{SECRET}")
    web.page.get_by_role("button", name="我的资料").click()
    dialog = web.page.get_by_role("dialog")
    dialog.get_by_text("请先绑定手机号").wait_for()
    dialog.get_by_role("button", name="绑定手机号").click()
    web.page.locator(".Message.right").nth(1).wait_for()
    assert "手机号" in web.read()
    web.say(MOBILE)
    assert MOBILE[-4:] in web.say(code_for(assistant, codes))
    app = App(assistant.url, "account-to-be-forgotten")
    app.say(f"绑定手机号{MOBILE}")
    assert "绑定成功" in app.say(code_for(assistant, codes))
    app.say(f"报修 S1音箱{THING}")
    app.say(MOBILE)
    number = TICKET_NUMBER.search(app.say("可以，提交")).group()

    # The customer takes a copy along: all they said on both channels is in it, and nothing else's.
    data = json.dumps(app.ask("GET", "/my-data/export")["data"], ensure_ascii=False)
    assert all(text in data for text in (*TEXTS, number))
    stranger = App(assistant.url, "account-of-somebody-else")
    stranger.say("你好")
    other = stranger.ask("GET", "/my-data/export")["data"]
    assert not any(text in json.dumps(other, ensure_ascii=False) for text in TEXTS)
    tables, files = found(assistant)
    assert tables and files, "there is nothing to forget"

    assert number in web.say("把我的个人信息全部删除")
    web.page.locator(".choice:enabled").get_by_text("确定删除", exact=True).click()
    web.page.get_by_text("您的资料已全部删除").wait_for()

    until(lambda: found(assistant) == ({}, {}))
    web.is_online()
    until(lambda: len(web.history()) == 1)  # the greeting of somebody new
    assert number not in app.say("查一下我的工单")
    assert found(assistant) == ({}, {}), "nothing comes back out of a memory"
    assert stranger.ask("GET", "/my-data/export")["data"]["messages"] == other["messages"]
