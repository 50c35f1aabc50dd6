"""What manuals and tickets suggest for the graph, each with its place and how it hangs together."""

import json
from itertools import product

import numpy as np
import pytest

from kefu.knowledge.extraction import training
from kefu.knowledge.extraction.annotated import annotated
from kefu.knowledge.extraction.documents import Builder, DocumentError, Span
from kefu.knowledge.extraction.mentions import Mention
from kefu.knowledge.extraction.network import likeliest
from kefu.knowledge.extraction.service import extract, extract_file
from kefu.knowledge.extraction.spec_lines import specs_in
from kefu.knowledge.extraction.vocabulary import vocabulary
from kefu.language.pieces import PIECE_DIMENSIONS, pieces
from tests.unit.documents import write_docx


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of few examples: enough for what is plain."""
    folder = tmp_path_factory.mktemp("model") / "m"
    few = [text for text in training.texts() if text.written and len(text.text) < 60][:60]
    training.train(few, folder, rounds=24)
    return training._read(folder)


@pytest.fixture
def manual():
    builder = Builder("a.md")
    builder.heading(1, "云雾加湿器使用说明书")
    builder.paragraph("适用型号：HU-20、HU-30")
    builder.heading(2, "产品功能")
    builder.heading(3, "睡眠模式")
    builder.paragraph("灯光变暗，声音变小。")
    builder.heading(2, "技术参数")
    builder.table([["项目", "HU-20", "HU-30"], ["水箱容量(L)", "4", "6"], ["额定功率", "30 W", "30 W"]])
    builder.heading(2, "故障排除")
    builder.table(
        [
            ["故障现象", "故障代码", "可能原因", "处理方法"],
            ["不出雾", "E1", "雾化片结垢", "用白醋浸泡雾化片"],
            ["", "", "水箱没水", "加水"],
        ]
    )
    builder.heading(2, "保修")
    builder.heading(3, "整机保修")
    builder.paragraph("自购买之日起一年。")
    return builder.build()


def named(candidates, kind):
    return [candidate.name for candidate in candidates if candidate.kind == kind]


def related(candidates, name):
    return {(r.relation, r.target_name) for c in candidates if c.name == name for r in c.relations}


def test_a_table_of_faults_gives_faults_codes_causes_and_solutions_row_by_row(manual, trained):
    found = extract(manual, trained=trained)
    assert named(found, "fault") == ["不出雾"] and named(found, "error_code") == ["E1"]
    assert {("caused_by", "雾化片结垢"), ("caused_by", "水箱没水"), ("reports", "E1")} <= related(
        found, "不出雾"
    )
    assert related(found, "水箱没水") == {("solved_by", "加水")}


def test_a_spec_with_two_values_is_told_of_the_product_that_has_it(manual, trained):
    specs = {
        (c.name, c.value, c.unit, c.products) for c in extract(manual, trained=trained) if c.kind == "spec"
    }
    assert specs == {
        ("水箱容量", "4", "L", ("HU-20",)),
        ("水箱容量", "6", "L", ("HU-30",)),
        ("额定功率", "30", "W", ("HU-20", "HU-30")),
    }


def test_headings_name_functions_and_policies_and_what_stands_below_is_their_text(manual, trained):
    found = extract(manual, trained=trained)
    assert named(found, "function") == ["睡眠模式"] and named(found, "policy") == ["整机保修"]
    assert next(c for c in found if c.kind == "policy").body == "自购买之日起一年。"
    assert ("applies_to", "HU-20") in related(found, "整机保修")


def test_every_candidate_shows_where_it_stands(manual, trained):
    for candidate in extract(manual, trained=trained):
        source = candidate.source
        assert manual.text[source.start : source.end] == source.quote and candidate.name in source.quote
        assert 0 < candidate.confidence <= 1


def test_what_a_ticket_told_in_training_is_found_again(trained):
    told = "用户反映家里吊扇转得慢，吹不凉，师傅查是启动电容容量下降，换了个2.5uF电容，转速恢复。"
    found = {(mention.kind, mention.text) for mention in trained.tagger(told)}
    assert {("cause", "启动电容容量下降"), ("solution", "换了个2.5uF电容")} <= found


def test_a_word_file_is_read_like_any_other(tmp_path, trained, monkeypatch):
    monkeypatch.setattr("kefu.knowledge.extraction.service.model", lambda: trained)
    found = extract_file(write_docx(tmp_path / "a.docx"))
    assert named(found, "fault") == ["不出雾", "漏水"] and "拧紧水箱盖" in named(found, "solution")


def test_what_is_told_of_one_model_only_is_not_said_of_the_others(trained):
    builder = Builder("a.md")
    builder.heading(1, "云雾加湿器使用说明书")
    builder.paragraph("适用型号：HU-20、HU-30")
    builder.heading(2, "产品功能")
    builder.heading(3, "睡眠模式")
    builder.paragraph("灯光变暗。")
    builder.heading(3, "远程控制（仅 HU-30）")
    builder.paragraph("用手机开关。")
    found = extract(builder.build(), trained=trained)
    assert {("has_function", "睡眠模式")} == related(found, "HU-20") - {("in_line", "加湿器")}
    assert {("has_function", "睡眠模式"), ("has_function", "远程控制")} <= related(found, "HU-30")


def test_marks_in_the_columns_of_models_say_which_has_a_function(trained):
    builder = Builder("a.md")
    builder.heading(1, "云雾加湿器使用说明书")
    builder.paragraph("适用型号：HU-20、HU-30")
    builder.heading(2, "功能一览")
    builder.table([["功能", "HU-20", "HU-30"], ["睡眠模式", "√", "√"], ["远程控制", "×", "√"]])
    found = extract(builder.build(), trained=trained)
    assert ("has_function", "远程控制") in related(found, "HU-30") - related(found, "HU-20")


def test_a_sheet_for_all_sections_is_read_by_what_each_section_is(tmp_path, trained, monkeypatch):
    monkeypatch.setattr("kefu.knowledge.extraction.service.model", lambda: trained)
    path = tmp_path / "a.csv"
    path.write_text(
        "栏目,条目,现象或内容,原因,怎么办,数值,单位,适用机型\n"
        "功能,睡眠模式,灯光变暗,,,,,全部\n"
        "参数,水箱容量,,,,4,L,HU-20\n"
        "参数,水箱容量,,,,6,L,HU-30\n"
        "故障,睡眠模式,灯不变暗,光感被挡住,移开遮挡物,,,全部\n"
        "代码,E1,水箱缺水,,加水,,,HU-30\n",
        encoding="utf-8",
    )
    found = extract_file(path)
    assert named(found, "function") == ["睡眠模式"] and named(found, "error_code") == ["E1"]
    assert named(found, "fault") == ["灯不变暗", "水箱缺水"]
    specs = {(c.name, c.value, c.unit, c.products) for c in found if c.kind == "spec"}
    assert specs == {("水箱容量", "4", "L", ("HU-20",)), ("水箱容量", "6", "L", ("HU-30",))}


def test_values_in_the_sentences_of_a_section_about_them_are_specs():
    item = Span(0, 34, "HU-20的水箱容量为4 L，最大雾量约300 ml/h，净重1.2 kg。")
    specs = specs_in(item, (), vocabulary())
    assert [(one.text, one.value, one.unit) for one, _ in specs][::2] == [
        ("水箱容量", "4", "L"), ("净重", "1.2", "kg"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        "净重：KT-1 和 KT-2 为 4 kg，KT-3S 是 6 kg",
        "净重：4 kg（KT-1、KT-2），6 kg（KT-3S）",
        "净重 KT-1、KT-2 4 kg，KT-3S 6 kg",
        "净重：4 kg（KT-3S 为 6 kg）",
        "净重：4 kg（KT-3S 除外）。KT-3S 的净重是 6 kg",
    ],
)
def test_a_line_tells_each_value_of_the_products_that_stand_by_it(said):
    owners = [Mention("product", 0, 4, name, 0.9, "pattern") for name in ("KT-1", "KT-2", "KT-3S")]
    specs = specs_in(Span(0, len(said), said), owners, vocabulary())
    assert [(spec.text, spec.value, spec.unit, [owner.text for owner in of]) for spec, of in specs] == [
        ("净重", "4", "kg", ["KT-1", "KT-2"]), ("净重", "6", "kg", ["KT-3S"]),
    ]  # fmt: skip


def test_plain_text_with_rules_and_marks_is_read_section_by_section(tmp_path, trained, monkeypatch):
    monkeypatch.setattr("kefu.knowledge.extraction.service.model", lambda: trained)
    path = tmp_path / "a.txt"
    path.write_text(
        "云雾加湿器 使用说明\n适用：HU-20、HU-30\n====\n一  本领\n====\n● 睡眠模式\n  灯光变暗。\n"
        "● 远程控制（HU-30）\n  用手机开关。\n====\n二  遇到问题\n====\n问题 1：不出雾\n"
        "  甲 雾化片结垢——用白醋浸泡\n  乙 水箱没水——加水\n====\n三  代码\n====\n"
        "E1　水箱缺水。请加水。\nE2　风扇停转。请报修。\n====\n四  服务\n====\n整机两年保修　购买之日起。\n",
        encoding="utf-8",
    )
    found = extract_file(path)
    assert named(found, "product") == ["HU-20", "HU-30"] and named(found, "product_line") == ["加湿器"]
    assert named(found, "function") == ["睡眠模式", "远程控制"]
    assert ("has_function", "远程控制") in related(found, "HU-30") - related(found, "HU-20")
    assert named(found, "fault") == ["不出雾", "水箱缺水", "风扇停转"] and named(found, "error_code") == [
        "E1",
        "E2",
    ]
    assert {("caused_by", "雾化片结垢"), ("caused_by", "水箱没水")} <= related(found, "不出雾")
    assert related(found, "水箱没水") == {("solved_by", "加水")}
    assert related(found, "整机两年保修") == {("applies_to", n) for n in ("HU-20", "HU-30", "加湿器")}


def test_columns_whose_headers_say_nothing_are_known_by_what_they_hold(tmp_path, trained, monkeypatch):
    monkeypatch.setattr("kefu.knowledge.extraction.service.model", lambda: trained)
    path = tmp_path / "a.csv"
    path.write_text(
        "加湿器手册\n适用,HU-20、HU-30\n\n一、功能\n叫法,哪些有,用法\n远程控制,HU-30,用手机开关\n\n"
        "二、毛病和办法\n哪种,客户怎么说,原因,办法\nHU-20、HU-30,不出雾,水箱没水,加水\nHU-30,连不上手机,蓝牙没开,打开蓝牙\n",
        encoding="utf-8",
    )
    found = extract_file(path)
    assert named(found, "fault") == ["不出雾", "连不上手机"]
    assert {t for r, t in related(found, "连不上手机") if r == "affects"} == {"HU-30"}
    assert {t for r, t in related(found, "不出雾") if r == "affects"} == {"HU-20", "HU-30"}
    assert ("has_function", "远程控制") in related(found, "HU-30") - related(found, "HU-20")


def test_faults_below_a_functions_heading_concern_it_and_every_relation_says_how_likely_it_is(trained):
    builder = Builder("a.md")
    builder.heading(1, "云雾加湿器使用说明书")
    builder.heading(2, "产品功能")
    builder.heading(3, "远程控制")
    builder.paragraph("用手机开关。")
    builder.heading(2, "故障排除")
    builder.heading(3, "远程控制")
    builder.heading(4, "控制不了")
    builder.paragraph("原因：蓝牙没开。处理：打开蓝牙。")
    found = extract(builder.build(), trained=trained)
    assert ("concerns", "远程控制") in related(found, "控制不了")
    assert all(0 < relation.confidence <= 1 for c in found for relation in c.relations)


def test_the_model_is_learned_anew_when_the_words_that_its_texts_are_cut_by_change(tmp_path):
    def with_words(words):
        (tmp_path / "vocabulary.yml").write_text(words, encoding="utf-8")
        return training.fingerprint(tmp_path)

    (tmp_path / "examples.yml").write_text("a: 1", encoding="utf-8")
    before = with_words("sections: {faults: 故障}")
    assert with_words("sections: {faults: 异常}") != before
    assert with_words("sections: {faults: 故障}\nlacks: 无") == before


def test_annotations_say_where_things_stand_and_what_hangs_together(tmp_path):
    row = {
        "id": "1",
        "text": "打印机卡纸，清洁后打印机又卡纸。",
        "entities": [{"kind": "fault", "text": "打印机卡纸"}, {"kind": "product_line", "text": "打印机"}],
        "relations": [],
    }
    (tmp_path / "annotated").mkdir()
    (tmp_path / "annotated" / "a.jsonl").write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    (example,) = annotated(tmp_path)
    assert [(label.kind, label.start, label.end) for label in example.labels] == [
        ("fault", 0, 5), ("product_line", 0, 3), ("product_line", 9, 12),
    ]  # fmt: skip


def test_annotations_that_are_broken_are_refused_with_the_name_of_their_file(tmp_path):
    (tmp_path / "annotated").mkdir()
    (tmp_path / "annotated" / "a.jsonl").write_text('{"id": "1"}', encoding="utf-8")
    with pytest.raises(DocumentError, match="a.jsonl"):
        annotated(tmp_path)


def test_the_likeliest_tags_are_those_of_the_best_of_all_ways():
    draw = np.random.default_rng(1)
    scores, moves = draw.normal(size=(4, 3)), draw.normal(size=(3, 3))
    ways = list(product(range(3), repeat=4))
    told = [
        sum(scores[t, tag] for t, tag in enumerate(way))
        + sum(moves[a, b] for a, b in zip(way, way[1:], strict=False))
        for way in ways
    ]
    path, shares = likeliest(scores, moves)
    assert tuple(path) == ways[int(np.argmax(told))]
    likely = np.exp(told) / np.exp(told).sum()
    first = [sum(p for p, way in zip(likely, ways, strict=True) if way[0] == tag) for tag in range(3)]
    assert np.allclose(shares[0], first)


def test_the_pieces_of_a_text_stand_where_it_says_them():
    text = "客户：JSQ-25\uff21 滴到\n℃齉。"
    spans, vectors = pieces(text)
    assert "".join(text[start:end] for start, end in spans) == "".join(text.split())
    assert vectors.shape == (len(spans), PIECE_DIMENSIONS) and np.isfinite(vectors).all()
    assert pieces(" \n")[0] == []
