"""Simplified and traditional characters, and the beginning of a long answer."""

import pytest

from kefu.language.brief import ENOUGH, brief
from kefu.language.detect import choice_of, conversation_language
from kefu.language.script import conversation_script, in_script, script_of


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("門鎖打不開", "zh-Hant"), ("门锁打不开", "zh-Hans"), ("你好", None), ("L3", None), ("", None),
        ("我的門鎖和路由器都壞了呀，后面", "zh-Hant"), ("/affirm", None), ("my lock", None),
    ],
)  # fmt: skip
def test_a_text_tells_its_script_or_nothing(text, script):
    assert script_of(text) == script


def test_what_was_chosen_wins_then_the_newest_text_that_tells():
    assert conversation_script("zh-HK", ["门锁"]) == "zh-HK"
    assert conversation_script("zh", ["你好", "門鎖", "门锁"]) == "zh-Hant"
    assert conversation_script(None, []) == "zh-Hans"


@pytest.mark.parametrize(
    ("said", "choice"),
    [("中文", "zh"), ("繁體中文", "zh-Hant"), ("简体", "zh-Hans"), ("台灣繁體", "zh-TW"), ("粤语", "zh-HK")],
)
def test_a_language_named_may_name_its_script(said, choice):
    assert choice_of("zh", said) == choice
    assert conversation_language(choice, ["my lock is broken"]) == "zh"
    assert choice_of("en", said) == "en"


def test_whole_phrases_are_turned_and_codes_and_names_stay():
    text = "头发后面的面条，余小范说 R3 Pro 的编号是 GD26112200070（https://a.cn/后）"
    assert in_script(text, "zh-Hant", ("余小范",)).startswith(
        "頭髮後面的麵條，余小范說 R3 Pro 的編號是 GD26112200070"
    )
    assert in_script(text, "zh-Hans") == text
    assert in_script("裡面", "zh-Hant") == "裡面", "what is traditional already stays"


def test_a_long_answer_is_cut_behind_a_sentence_and_says_so():
    long = "保修期是一年。" + "人为损坏不在保修范围内，进水和摔坏也算人为损坏。" * 4
    sentence = "人为损坏不在保修范围内，进水和摔坏也算人为损坏。"
    assert brief(long) == "保修期是一年。" + 2 * sentence + "……"
    assert len(brief(long)) <= ENOUGH + 2
    assert brief("保修期是一年。") == "保修期是一年。"


def test_steps_stay_whole():
    steps = (
        "1. 长按复位孔十秒，直到指示灯变成红色。\n2. 松开，等它重新启动，大约需要两分钟。\n3. 重新添加设备。"
    )
    assert brief(steps) == steps
    assert brief("先别着急，这种情况一般是网络波动造成的，按下面的步骤来就可以解决。\n" + steps) == steps
