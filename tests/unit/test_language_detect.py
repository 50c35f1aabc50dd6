"""The language of a conversation."""

import pytest

from kefu.language.detect import conversation_language, language_of


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("门锁打不开", "zh"), ("門鎖打不開", "zh"), ("wifi 连不上 help", "zh"), ("my lock is broken", "en"),
        ("L3", None), ("R3 Pro", None), ("AB2CD3EF", None), ("ok", None), ("13800138000", None), ("👍", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_text_tells_its_language_or_nothing(text, language):
    assert language_of(text) == language


def test_the_language_asked_for_wins_over_the_one_written():
    assert conversation_language("en", ["门锁打不开"], "zh") == "en"


def test_the_newest_text_that_tells_decides():
    assert conversation_language(None, ["L3", "my lock is broken", "门锁打不开"], "zh") == "en"


def test_the_page_decides_where_no_text_tells():
    assert conversation_language(None, ["L3", "ok"], "en") == "en"


@pytest.mark.parametrize("unknown", [None, "fr", ""])
def test_chinese_is_spoken_where_nothing_tells(unknown):
    assert conversation_language(unknown, [], unknown) == "zh"
