"""A name with little beside it asks the question before."""

import pytest

from kefu.language.following import follows_up


def named(text, name):
    start = text.index(name)
    return follows_up(text, [(start, start + len(name))])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("那门锁呢", "门锁"), ("L3呢？", "L3"), ("R3 Pro的话呢", "R3 Pro"), ("那拖布呢", "拖布"),
        ("what about the L1?", "L1"),
    ],
)  # fmt: skip
def test_a_name_that_asks_nothing_of_its_own_follows_up(text, name):
    assert named(text, name)


@pytest.mark.parametrize(("text", "name"), [("L3", "L3"), ("L3多少钱呢", "L3"), ("我要买L3呢子", "L3")])
def test_a_bare_name_or_a_question_of_its_own_does_not(text, name):
    assert not named(text, name)


def test_what_names_nothing_does_not():
    assert not follows_up("那呢", [])
