"""Entries that say the same merge, units are compared, contradictions are shown side by side."""

from dataclasses import replace

import pytest

from kefu.knowledge.comparison import Described
from kefu.knowledge.extraction.candidates import Candidate, Source
from kefu.knowledge.extraction.measures import first_measure, measure, measures
from kefu.knowledge.fusion import clusters, contradictions, merge
from kefu.knowledge.likeness import same


def candidate(kind, name, document="a.md", confidence=0.8, **more):
    place = Source(document, "", 0, len(name), name)
    empty = Candidate(kind, name, (), "", (), None, None, None, (), (), place, confidence)
    return replace(empty, **more)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.5m", "150 cm"),
        ("5000mAh", "5 Ah"),
        ("2年", "24个月"),
        ("七天", "7 日"),
        ("120千克", "120 kg"),
        ("1小时", "60分钟"),
        ("72小时", "3天"),
    ],
)
def test_equal_values_in_other_units_are_equal(one, other):
    assert measures(one)[0].equals(measures(other)[0])


def test_values_of_other_groups_are_not_equal():
    assert not measure("5", "V").equals(measure("5", "A"))


@pytest.mark.parametrize(
    ("said", "value", "unit"),
    [
        ("约 2.5 kg", "2.5", "kg"),
        ("-25~60 ℃", "-25~60", "℃"),
        ("300×200 mm", "300×200", "mm"),
        ("IPX4", "4", None),
    ],
)
def test_a_value_is_quoted_as_written(said, value, unit):
    assert first_measure(said) == (value, unit)


def test_the_same_in_other_words_is_likelier_the_same_than_the_opposite():
    fault = Described("fault", "无法联网")
    assert same(fault, Described("fault", "连不上网")) > 0.5 > same(fault, Described("fault", "噪音太大"))
    assert same(Described("fault", "开不了机"), Described("fault", "关不了机")) < 0.5


def test_editions_of_one_model_are_other_products():
    standard = Described("product", "T9 标准版")
    assert (
        same(standard, Described("product", "T9 旗舰版"))
        < 0.5
        < same(standard, Described("product", "T-9标准款"))
    )


def test_entries_about_other_products_are_never_the_same():
    a, b = (Described("spec", "重量", products=(product,), text="2 kg") for product in ("A1", "B2"))
    assert same(a, b) == 0.0


def test_a_model_is_the_same_however_it_is_spelled_but_not_with_another_ending():
    assert same(Described("product", "X200 Pro"), Described("product", "x200-pro")) > 0.9
    assert same(Described("product", "X200 Pro"), Described("product", "X200")) < 0.1


def test_merging_keeps_every_name_and_the_surest_source():
    found = merge(
        [
            candidate("fault", "无法联网"),
            candidate("fault", "连不上网", "b.md", 0.9),
            candidate("fault", "漏水"),
        ]
    )
    assert {(c.name, c.aliases) for c in found} == {("连不上网", ("无法联网",)), ("漏水", ())}
    assert next(c for c in found if c.aliases).source.document == "b.md"


def test_two_values_of_one_spec_are_a_contradiction_and_other_units_are_not():
    first = candidate("spec", "线长", value="1.5", unit="m", products=("K1",))
    same_said = replace(first, value="150", unit="cm", source=replace(first.source, document="b.md"))
    other = replace(first, value="2", unit="m", source=replace(first.source, document="c.md"))
    assert contradictions([first, same_said]) == []
    [found] = contradictions([first, same_said, other])
    assert (found.subject, found.attribute, [side.document for side in found.sides]) == (
        "K1",
        "线长",
        ["a.md", "c.md"],
    )


def test_two_warranty_periods_of_one_product_are_a_contradiction():
    first = candidate("policy", "整机保修", body="自购买之日起保修一年。", products=("K1",))
    longer = replace(
        first, body="自购买之日起 24 个月内免费维修。", source=replace(first.source, document="b.md")
    )
    assert contradictions([first, replace(longer, body="保修 12 个月。")]) == []
    [found] = contradictions([first, longer])
    assert [side.document for side in found.sides] == ["a.md", "b.md"]


def test_groups_hold_no_two_that_are_told_apart():
    names = ["开不了机", "不能开机", "关不了机"]
    assert [0, 2] not in clusters([Described("fault", name) for name in names])
