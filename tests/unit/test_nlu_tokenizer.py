"""Tokens: normal text on original offsets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from kefu.nlu.tokenizer import ChineseTokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return ChineseTokenizer(ChineseTokenizer.get_default_config())


def tokens(tokenizer, text):
    (message,) = tokenizer.process([Message(data={TEXT: text})])
    return message.get(TOKENS_NAMES[TEXT])


def test_tokens_are_han_characters_and_whole_runs_of_letters_and_digits(tokenizer):
    text = "我的Ｌ３門鎖 打不開"
    found = tokens(tokenizer, text)
    assert [token.text for token in found] == ["我", "的", "l3", "门", "锁", "打", "不", "开"]
    assert [text[t.start : t.end] for t in found] == ["我", "的", "Ｌ３", "門", "鎖", "打", "不", "開"]


def test_a_token_knows_its_word_and_where_in_the_word_it_stands(tokenizer):
    found = {token.text: token.get("pattern") for token in tokens(tokenizer, "路由器坏了")}
    assert found["由"] == {"word": "路由器", "edge": "I"}
    assert (found["路"]["edge"], found["器"]["edge"]) == ("B", "E")


@pytest.mark.parametrize("text", [" ", "\u200b", "👍", "……"])
def test_even_a_text_without_words_has_a_token(tokenizer, text):
    assert tokens(tokenizer, text)


@given(st.text("我门鎖Ｌ３ab12 　\u200b\ufe0f👍ﬁ㎡，。", min_size=1, max_size=30))
def test_tokens_stand_in_order_inside_the_text(tokenizer, text):
    spans = [(token.start, token.end) for token in tokens(tokenizer, text)]
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(left[0] <= right[0] for left, right in zip(spans, spans[1:], strict=False))
