"""What a machine has reworded is believed only as far as its source goes."""

import pytest

from kefu.language.fidelity import faithful

SOURCE = (
    "L3 门锁的保修期是 24 个月，从签收当天算起。人为损坏、进水不在保修范围内。"
    "更换电池不收费，请先准备 4 节 5 号碱性电池。"
)


@pytest.mark.parametrize(
    "said",
    [
        "您好，L3 门锁的保修期是 24 个月，从签收当天算起。",
        "人为损坏和进水不在保修范围内。",
        "更换电池是不收费的，请您先准备 4 节 5 号碱性电池。",
    ],
)
def test_what_the_source_says_stays(said):
    assert faithful(said, SOURCE) == said


@pytest.mark.parametrize(
    "said",
    [
        "L3 门锁的保修期是 36 个月，从签收当天算起。",  # another number
        "L1 门锁的保修期是 24 个月，从签收当天算起。",  # another name
        "人为损坏、进水在保修范围内。",  # the negation is gone
        "更换电池收费，请先准备 4 节 5 号碱性电池。",
        "L3 门锁的保修期不是 24 个月，从签收当天算起。",  # one that was not there
        "我们会在两小时内安排工程师免费上门。",  # a promise of its own
        "L3 门锁的保修期是 5 个月，从签收当天算起。",  # a number of another sentence
        "门锁的保修期是两年。",  # right perhaps, and not what the source says
    ],
)
def test_what_the_source_does_not_say_is_dropped_and_the_rest_stays(said):
    right = "更换电池不收费，请先准备 4 节 5 号碱性电池。"
    assert faithful(said, SOURCE) == ""
    assert faithful(said + right, SOURCE) == right
