"""Entries that say the same merge, units are compared, contradictions are shown side by side."""

from dataclasses import replace

import numpy as np
import pytest

from kefu.knowledge.comparison import Comparison, Described
from kefu.knowledge.distinctions import distinctions
from kefu.knowledge.ensemble import Ensemble
from kefu.knowledge.extraction.candidates import Candidate, Source
from kefu.knowledge.extraction.measures import first_measure, measure, measures
from kefu.knowledge.fusion import clusters, contradictions, merge
from kefu.knowledge.labelled import Labelled, labelled, unrelated
from kefu.knowledge.likeness import SHIPPED, fingerprint, same
from kefu.knowledge.sayings import Sayings
from kefu.knowledge.weights import Weights


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
        ("60 μA", "0.06 mA"),
        ("20 Hz-20 kHz", "20～20000 赫兹"),
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


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("fault", ("右耳没声音", ""), ("左耳没声音", "")),
        ("solution", ("更换滤芯", ""), ("清洗滤芯", "")),
        ("policy", ("整机保修", "购机之日起一年内免费修"), ("整机保修", "购机之日起两年内免费修")),
        ("policy", ("换货", "未激活的七天内可换"), ("换货", "激活后七天内可换")),
        ("spec", ("前轮胎压", "2.5 bar"), ("后轮胎压", "2.9 bar")),
        ("faq", ("滤芯多久换一次", ""), ("滤芯多少钱", "")),
    ],
)
def test_what_differs_in_one_decisive_word_is_not_the_same(kind, one, other):
    a, b = (Described(kind, name, line="净水器", text=text) for name, text in (one, other))
    assert same(a, b) < 0.5


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("policy", ("整机保修两年", ""), ("主机 24 个月内免费修理", "非人为损坏")),
        ("spec", ("重量", "2.5kg"), ("净重", "2500克")),
        ("spec", ("中午退房", "12:00"), ("退房时间", "中午12点")),
        ("faq", ("没电了怎么开门", ""), ("电池用完了人在外面怎么办", "用充电宝应急供电再用密码开")),
    ],
)
def test_the_same_in_other_words_and_units_is_the_same(kind, one, other):
    a, b = (Described(kind, name, text=text) for name, text in (one, other))
    assert same(a, b) > 0.5


def test_what_ships_was_learned_of_the_pairs_and_words_as_they_are_and_is_small():
    assert Ensemble.load(SHIPPED).mark == fingerprint()
    assert SHIPPED.stat().st_size < 1_000_000


def test_what_was_learned_is_read_as_it_was_written(tmp_path):
    shipped = Ensemble.load(SHIPPED)
    shipped.save(tmp_path / "l.npz")
    pairs = [(Described("fault", "开不了机"), Described("fault", "按电源键没反应"))]
    told = [
        learned(pairs, Comparison(distinctions())) for learned in (shipped, Ensemble.load(tmp_path / "l.npz"))
    ]
    assert told[0].tolist() == told[1].tolist()


def test_names_of_one_line_are_drawn_as_the_same_and_of_others_as_not():
    kinds = dict.fromkeys(
        ("faq", "policy", "function", "solution", "cause", "spec"), [["x", "y"], ["z", "w"]]
    )
    book = Sayings(fault=[["漏水", "底下渗水", "地上一滩水"], ["冒烟", "有烟出来"]], **kinds)
    drawn = [pair for pair in book.pairs(np.random.default_rng(0)) if pair.a.kind == "fault"]
    lines = [{entry.name for entry in (pair.a, pair.b)} <= set(book.fault[0]) or
             {entry.name for entry in (pair.a, pair.b)} <= set(book.fault[1]) for pair in drawn]  # fmt: skip
    assert [pair.same for pair in drawn] == lines
    assert {pair.a for pair in drawn} | {pair.b for pair in drawn} <= set(book.entries())


def test_unrelated_pairs_are_of_one_kind_and_trade_and_were_not_labelled():
    trades = ("a", "b")
    pairs = [
        Labelled(trade, Described("fault", f"{trade}{i}"), Described("fault", f"{trade}{i}'"), True)
        for trade in trades for i in range(8)
    ]  # fmt: skip
    found = unrelated(pairs, np.random.default_rng(0))
    assert len(found) == 16
    for pair in found:
        assert (pair.a.name[0], pair.same, pair.written) == (pair.b.name[0], False, False)
        assert pair.a.name[1] != pair.b.name[1]


def test_learned_weights_tell_what_they_learned_and_are_the_sum_of_their_parts():
    rows = np.random.default_rng(1).normal(size=(200, 12))
    labels = rows[:, 0] + rows[:, 1] * (rows[:, 2] > 0) > 0
    learned = Weights.learn(rows, labels, np.ones(200), "m")
    kept = Weights.of_parts(learned.parts())
    assert (kept.mark, kept(rows).tolist()) == ("m", learned(rows).tolist())
    assert ((kept(rows) > 0.5) == labels).mean() > 0.95


def test_a_line_that_is_no_pair_is_named(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"kind": "faq", "a": {"name": "x"}, "same": true}\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.jsonl:1: is no pair"):
        labelled(tmp_path)


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
    half = replace(first, body="保修半年。")
    assert contradictions([half, replace(longer, body="保修六个月。")]) == []
    [found] = contradictions([first, longer])
    assert [side.document for side in found.sides] == ["a.md", "b.md"]


def test_groups_hold_no_two_that_are_told_apart():
    names = ["开不了机", "不能开机", "关不了机"]
    assert [0, 2] not in clusters([Described("fault", name) for name in names])
