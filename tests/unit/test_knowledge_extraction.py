"""What manuals and tickets suggest for the graph, each with its place and how it hangs together."""

import pytest

from kefu.knowledge.extraction import training
from kefu.knowledge.extraction.documents import Builder
from kefu.knowledge.extraction.examples import read_examples
from kefu.knowledge.extraction.service import extract, extract_file, ticket_document
from tests.unit.documents import write_docx


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of few examples: enough for what is plain."""
    folder = tmp_path_factory.mktemp("model") / "m"
    training.train(read_examples(), folder, times=3)
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


def test_a_closed_ticket_tells_what_was_wrong_why_and_what_helped(trained):
    document = ticket_document(
        "GD1", "客户反映洗衣机不脱水", solution="上门检查为排水泵堵塞，清理排水泵后恢复正常。"
    )
    found = extract(document, trained=trained)
    assert named(found, "cause") == ["排水泵堵塞"] and named(found, "solution") == ["清理排水泵"]


def test_a_word_file_is_read_like_any_other(tmp_path, trained, monkeypatch):
    monkeypatch.setattr("kefu.knowledge.extraction.service.model", lambda: trained)
    found = extract_file(write_docx(tmp_path / "a.docx"))
    assert named(found, "fault") == ["不出雾", "漏水"] and "拧紧水箱盖" in named(found, "solution")
