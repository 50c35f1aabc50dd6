"""Files of manuals made for the tests: Word by its library, PDF by hand, with a font that viewers bring."""

from pathlib import Path

from docx import Document as WordFile

BODY, TITLE = 10, 16


def write_docx(path: Path) -> Path:
    word = WordFile()
    word.add_heading("云雾加湿器 HU-20 使用说明书", 0)
    word.add_heading("故障排除", 1)
    table = word.add_table(rows=0, cols=3)
    for row in FAULTS:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    word.add_heading("清洗", 1)
    for step in ("拔下电源。", "倒掉余水。"):
        word.add_paragraph(step, style="List Number")
    word.save(str(path))
    return path


FAULTS = (
    ("故障现象", "可能原因", "处理方法"),
    ("不出雾", "雾化片结垢", "用白醋浸泡雾化片"),
    ("漏水", "水箱盖没有拧紧", "拧紧水箱盖"),
)


def write_pdf(path: Path, pages: list[list[tuple[str, int]]]) -> Path:
    """Pages of lines, each with its size; without a line a page looks scanned."""
    objects: list[bytes] = []

    def add(body: str | bytes) -> int:
        objects.append(body.encode("latin-1") if isinstance(body, str) else body)
        return len(objects)

    add("")  # the catalog and the tree of pages are filled in below
    add("")
    add(
        "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H "
        "/DescendantFonts [4 0 R] >>"
    )
    add(
        "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 "
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /FontDescriptor 5 0 R >>"
    )
    add(
        "<< /Type /FontDescriptor /FontName /STSong-Light /Flags 4 /FontBBox [0 -120 1000 880] "
        "/ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 700 /StemV 80 >>"
    )
    kids = []
    for lines in pages:
        drawn, height = [], 800
        for text, size in lines:
            drawn.append(f"BT /F1 {size} Tf 50 {height} Td <{text.encode('utf-16-be').hex()}> Tj ET")
            height -= 2 * size
        stream = "\n".join(drawn)
        content = add(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        kids.append(
            add(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
                f"/Resources << /Font << /F1 3 0 R >> >> /Contents {content} 0 R >>"
            )
        )
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = (
        f"<< /Type /Pages /Kids [{' '.join(f'{k} 0 R' for k in kids)}] /Count {len(kids)} >>".encode()
    )
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    data += (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
        f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(data)}\n%%EOF\n"
    ).encode()
    path.write_bytes(data)
    return path
