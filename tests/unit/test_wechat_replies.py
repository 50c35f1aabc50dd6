"""Bubbles as WeChat shows them."""

import unicodedata
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kefu.channels.wechat.crypto import read_xml
from kefu.channels.wechat.replies import MAX_BYTES, flatten, plan, reply_xml, split
from kefu.conversations.ledger import Entry

WORDS = {"choose": "回复数字即可选择。", "not_answered": "没能处理好。"}
ENGLISH = {"choose": "Reply with a number.", "not_answered": "It went wrong."}


def word(code, language):
    return (ENGLISH if language == "en" else WORDS)[code]


def bubble(seq, **body):
    return Entry("c", seq, "out", None, body, 1, 0, datetime(2026, 1, 1))


def options(*titles):
    return [{"title": title, "payload": f"/{title}"} for title in titles]


def test_the_bubbles_of_an_answer_become_one_message():
    (message,) = plan([bubble(2, text="一"), bubble(3, text="二")], {}, word)
    assert message.numbered == "一\n\n二" and [entry.seq for entry in message.covers] == [2, 3]


def test_options_are_numbered_in_text_and_entries_of_a_menu_when_pushed():
    entry = bubble(7, text="解决了吗？", buttons=options("解决了", "还没有"))
    (message,) = plan([entry], {("c", 7, 0): 1, ("c", 7, 1): 2}, word)
    assert message.numbered == "解决了吗？\n[1] 解决了\n[2] 还没有\n回复数字即可选择。"
    assert message.text == "解决了吗？" and message.menu == (("700", "解决了"), ("701", "还没有"))


def test_options_of_an_older_answer_have_no_numbers():
    (message,) = plan([bubble(7, text="甲", buttons=options("一"))], {}, word)
    assert message.numbered == "甲\n· 一"


def test_more_options_than_a_menu_takes_are_text():
    entry = bubble(7, text="选", buttons=options(*"一二三四五六七八九十百"))
    (message,) = plan([entry], {("c", 7, i): i + 1 for i in range(11)}, word)
    assert message.menu == () and "[11] 百" in message.text


def test_a_link_is_a_line_and_no_option():
    entry = bubble(7, text="看", buttons=[{"title": "说明书", "url": "https://x"}])
    (message,) = plan([entry], {}, word)
    assert message.numbered == "看\n说明书 https://x" and message.menu == ()


def test_cards_pictures_and_notices_become_lines():
    card = {"title": "订单", "text": "门锁", "fields": [{"label": "状态", "value": "运输中"}]}
    card["link"] = {"title": "物流", "url": "https://x"}
    assert flatten({"card": card}, word) == "订单\n门锁\n状态: 运输中\n物流 https://x"
    assert flatten({"image": "https://x/1.png"}, word) == "https://x/1.png"
    assert flatten({"notice": "not_answered"}, word) == "没能处理好。"
    assert flatten({"notice": "not_answered", "language": "en"}, word) == "It went wrong."
    assert flatten({"text": "按 **复位键**"}, word) == "按 复位键"


def test_what_does_not_fit_in_one_message_goes_on_in_the_next():
    first, second, third = plan(
        [bubble(2, text="甲" * 600), bubble(3, text="乙" * 600), bubble(4, text="丙")], {}, word
    ) + [None]
    assert [e.seq for e in first.covers] == [2] and [e.seq for e in second.covers] == [3, 4] and third is None


def test_a_bubble_too_long_for_one_message_is_cut_and_covered_by_the_last():
    *first, last = plan([bubble(2, text="句子。" * 900)], {}, word)
    assert all(message.covers == () for message in first) and last.covers[0].seq == 2
    assert "".join(message.numbered for message in (*first, last)) == "句子。" * 900


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("一二。三四", ["一二。", "三四"]),
        ("ab cd", ["ab cd"]),
        ("abcdef\ng hij", ["abcdef\ng", "hij"]),
        ("一二三四五", ["一二三", "四五"]),
    ],
)
def test_text_is_cut_where_a_sentence_or_line_ends(text, parts):
    assert split(text, 10) == parts


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab 。\n你👍🏽é\u0301\u200d", max_size=400), st.integers(20, 60))
def test_no_part_is_longer_than_allowed_and_nothing_but_blanks_is_lost(text, limit):
    parts = split(text, limit)
    assert all(0 < len(part.encode()) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("]>[<!&\0\x0b\ud800\ufffe")), max_size=80))
def test_no_text_breaks_or_injects_xml(text):
    fields = read_xml(reply_xml("oA", "gh_1", text))
    assert set(fields) == {"ToUserName", "FromUserName", "CreateTime", "MsgType", "Content"}
    shown = "".join(
        c for c in text if unicodedata.category(c) not in ("Cc", "Cs", "Cn", "Co") and c.isprintable()
    )
    assert all(c in (fields["Content"] or "") for c in shown if not c.isspace())


@pytest.mark.parametrize("text", ["]]>", "]]]]>>", "a]]></Content><MsgType>news</MsgType>", "]]>]]>"])
def test_an_end_of_cdata_is_shown_as_it_is(text):
    assert read_xml(reply_xml("oA", "gh_1", text))["Content"] == text


def test_the_limit_is_that_of_the_platform():
    assert MAX_BYTES == 2048
