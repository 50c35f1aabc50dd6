"""What the structure of a manual says where its words are unknown: sections, columns, what is for whom."""

import pytest

from kefu.knowledge.extraction.cells import named_in
from kefu.knowledge.extraction.columns import columns_of
from kefu.knowledge.extraction.documents import Builder, Span
from kefu.knowledge.extraction.mentions import Mention
from kefu.knowledge.extraction.reach import Reach
from kefu.knowledge.extraction.readers import read
from kefu.knowledge.extraction.sections import Sections
from kefu.knowledge.extraction.vocabulary import vocabulary


def judge(kind):
    """A stand-in for what was learned: texts are likeliest of the kind that ``kind`` gives the first."""
    return lambda texts: {
        one: -0.1 if one == kind(texts[0]) else -4.0
        for one in ("", "fault", "cause", "solution", "function", "policy", "spec")
    }


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(
        "\n".join(
            [
                "云雾加湿器 使用手册",
                "",
                "━━ 1 它的本事 ━━",
                "夜间轻声",
                "　　按月亮键，声音变小。",
                "━━ 2 数据 ━━",
                "水箱容量 ………… 4 L",
                "                 加大款 6 L",
                "净重 ……………… 2 kg",
                "━━ 3 三包 ━━",
                "第一条　七日退货：七日内可以退货。",
                "━━ 4 另外，可以 ━━",
                "◇ 没人在家，也能开 —— 远程开机",
                "   在手机上点一下就行。",
            ]
        ),
        encoding="utf-8",
    )
    return read(path)


def test_plain_text_shows_headings_by_frames_and_indents_and_values_behind_leaders(plain):
    headings = [block.heading.split(" / ")[1:] for block in plain.blocks if block.kind == "heading"]
    assert headings[2] == ["1 它的本事", "夜间轻声"]
    assert headings[-1] == ["4 另外，可以", "◇ 没人在家，也能开 —— 远程开机"]
    points = [item.text for block in plain.blocks if block.kind == "list" for item in block.items]
    assert points == ["水箱容量：4 L；加大款 6 L", "净重：2 kg"]
    assert any(
        block.kind == "paragraph" and block.items[0].text.startswith("第一条") for block in plain.blocks
    )


def test_a_section_is_about_what_the_names_below_its_heading_are():
    builder = Builder("a.md")
    builder.heading(1, "云雾加湿器")
    for title, names in (("招牌菜", ("夜间轻声", "远程开机")), ("小脾气", ("不出雾", "漏水"))):
        builder.heading(2, title)
        for name in names:
            builder.heading(3, name)
            builder.paragraph("见下图。")
    document = builder.build()
    content = judge(lambda text: "function" if text == "夜间轻声" else "fault")
    sections = Sections(document, vocabulary(), content)
    titles = [block for block in document.blocks if block.kind == "heading" and len(block.headings) == 2]
    assert [sections.of(block.headings) for block in titles] == ["functions", "faults"]
    assert [Sections(document, vocabulary()).of(block.headings) for block in titles] == ["", ""]


def table(rows):
    builder = Builder("a.md")
    builder.table(rows)
    return builder.build().blocks[0]


def test_columns_are_what_their_cells_are_and_numbers_of_rows_are_no_codes():
    kinds = {"不出雾": "fault", "水箱没水": "cause", "加水即可": "solution", "甲班": ""}
    block = table(
        [["号", "灯号", "所见", "缘起", "交代", "班次"]]
        + [[f"{i}", f"L{10 * i}", "不出雾", "水箱没水", "加水即可", "甲班"] for i in range(1, 9)]
    )
    _, columns = columns_of(block, "", vocabulary(), (), judge(kinds.get))
    assert columns == ["", "error_code", "fault", "cause", "solution", ""]


@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        ("E1/E2", ["E1", "E2"]),
        ("显示 Err", ["Err"]),
        ("LO、CLEAN", ["LO", "CLEAN"]),
        ("Noise", []),
        ("无", []),
    ],
)
def test_codes_in_a_cell_are_no_words(cell, codes):
    found = named_in(Span(0, len(cell), cell), "error_code", vocabulary())
    assert [one.text for one in found] == codes


@pytest.mark.parametrize(
    ("said", "products"),
    [
        ("“夜间轻声”仅见于 HU-2 和 HU-3。", ["HU-2", "HU-3"]),
        ("HU-1 没有夜间轻声。", ["HU-2", "HU-3"]),
        ("夜间轻声请在睡前打开，HU-1 也一样。", []),
    ],
)
def test_a_sentence_elsewhere_says_which_products_something_is_for(said, products):
    builder = Builder("a.md")
    builder.heading(1, "云雾加湿器")
    builder.points(["夜间轻声：声音变小。"])
    builder.paragraph(said)
    document = builder.build()
    item = document.blocks[1].items[0]
    named = [Mention("product", 0, 4, name, 0.9, "pattern") for name in ("HU-1", "HU-2", "HU-3")]
    function = Mention("function", item.start, item.start + 4, "夜间轻声", 0.9, "pattern")
    assert [one.text for one in Reach(document, vocabulary(), named, {}).of(function)] == products


def test_an_announcement_restricts_what_follows_it_in_its_section():
    builder = Builder("a.md")
    builder.heading(1, "云雾加湿器")
    builder.heading(2, "毛病")
    builder.heading(3, "不出雾")
    builder.paragraph("以下只涉及 HU-2：")
    builder.heading(3, "灯不亮")
    document = builder.build()
    named = [Mention("product", 0, 4, name, 0.9, "pattern") for name in ("HU-1", "HU-2")]
    reach = Reach(document, vocabulary(), named, {})
    faults = [
        Mention("fault", span.start, span.end, span.text, 0.9, "heading")
        for block in document.blocks[2:]
        if block.kind == "heading"
        for span in block.items
    ]
    assert [[one.text for one in reach.of(fault)] for fault in faults] == [[], ["HU-2"]]
