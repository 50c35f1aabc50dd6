"""Manuals of every format as documents: headings, steps and tables kept, places right, broken files named."""

import pytest

from kefu.knowledge.extraction.documents import DocumentError
from kefu.knowledge.extraction.readers import read
from tests.unit.documents import BODY, FAULTS, TITLE, write_docx, write_pdf

MARKDOWN = """# 云雾加湿器 HU-20 使用说明书

第一段。

## 故障排除

| 故障现象 | 可能原因 | 处理方法 |
| --- | --- | --- |
| 不出雾 | 雾化片结垢 | 用白醋浸泡雾化片 |
| 漏水 | 水箱盖没有拧紧 | 拧紧水箱盖 |

## 清洗

1. 拔下电源。
2. 倒掉余水。
"""
PLAIN = """云雾加湿器 HU-20 使用说明书
第一段。

一、故障排除
故障现象|可能原因|处理方法
不出雾|雾化片结垢|用白醋浸泡雾化片
漏水|水箱盖没有拧紧|拧紧水箱盖

二、清洗
1. 拔下电源。
2. 倒掉余水。
"""
HTML = """<html><head><title>x</title><script>alert(1)</script></head><body>
<h1>云雾加湿器 <b>HU-20</b> 使用说明书</h1><p>第一段。</p>
<h2>故障排除</h2><table><tr><th>故障现象</th><th>可能原因</th><th>处理方法</th></tr>
<tr><td>不出雾</td><td>雾化片结垢</td><td>用白醋浸泡雾化片</td></tr>
<tr><td>漏水</td><td>水箱盖没有拧紧</td><td>拧紧水箱盖</td></tr></table>
<h2>清洗</h2><ol><li>拔下电源。</li><li>倒掉余水。</li></ol></body></html>"""
CSV = "\n".join(",".join(row) for row in FAULTS)


def written(folder, name):
    path = folder / name
    if path.suffix == ".docx":
        return write_docx(path)
    path.write_text(
        {"md": MARKDOWN, "txt": PLAIN, "html": HTML, "csv": CSV}[path.suffix[1:]], encoding="utf-8"
    )
    return path


@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.html", "a.docx"])
def test_headings_steps_and_tables_are_kept(tmp_path, name):
    document = read(written(tmp_path, name))
    table = next(block for block in document.blocks if block.kind == "table")
    steps = next(block for block in document.blocks if block.kind == "steps")
    assert [[cell.text for cell in row] for row in table.rows] == [list(row) for row in FAULTS]
    assert [item.text for item in steps.items] == ["拔下电源。", "倒掉余水。"]
    assert (
        steps.heading.endswith("清洗") and document.blocks[0].items[0].text == "云雾加湿器 HU-20 使用说明书"
    )
    assert "alert" not in document.text


@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.html", "a.docx", "a.csv"])
def test_every_piece_stands_where_it_says(tmp_path, name):
    document = read(written(tmp_path, name))
    for block in document.blocks:
        for span in (*block.spans, *block.headings):
            assert document.text[span.start : span.end] == span.text


def test_a_pdf_has_its_larger_lines_as_headings(tmp_path):
    lines = [
        ("云雾加湿器使用说明书", TITLE),
        ("请先阅读本说明书。", BODY),
        ("1. 拔下电源。", BODY),
        ("2. 倒掉余水。", BODY),
    ]
    document = read(write_pdf(tmp_path / "a.pdf", [lines]))
    assert [block.kind for block in document.blocks] == ["heading", "paragraph", "steps"]
    assert document.blocks[1].heading == "云雾加湿器使用说明书"


def test_a_file_in_gb18030_is_read(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(PLAIN.encode("gb18030"))
    assert "雾化片结垢" in read(path).text


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.docx", b"PK\x03\x04 no archive", "Word"),
        ("a.pdf", b"%PDF-1.4 broken", "PDF"),
        ("a.txt", b"\x00\x01\x02", "no text"),
        ("a.md", b"  \n", "no text"),
        ("a.exe", b"MZ", "is none of"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_reason(tmp_path, name, content, why):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DocumentError, match=rf"^{name}: .*{why}"):
        read(tmp_path / name)


def test_a_scanned_pdf_is_refused(tmp_path):
    with pytest.raises(DocumentError, match="scanned"):
        read(write_pdf(tmp_path / "a.pdf", [[], []]))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DocumentError, match=r"^no\.md"):
        read(tmp_path / "no.md")
