"""Word files."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from docx import Document as WordFile
from docx.opc.exceptions import PackageNotFoundError
from docx.table import Table
from docx.text.paragraph import Paragraph
from lxml.etree import XMLSyntaxError

from kefu.knowledge.extraction.documents import Builder, DocumentError
from kefu.knowledge.extraction.vocabulary import vocabulary

#: A small file can unpack to a huge one.
_MAX_UNPACKED = 500_000_000
_LEVEL = re.compile(r"(?:heading|\u6807\u9898)\s*(\d)", re.IGNORECASE)


def read(path: Path, builder: Builder) -> None:
    """Reads paragraphs by their styles and tables, in the order of the file."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > _MAX_UNPACKED:
                raise DocumentError(f"unpacks to more than {_MAX_UNPACKED // 1_000_000} MB")
        word = WordFile(str(path))
    except (zipfile.BadZipFile, PackageNotFoundError, XMLSyntaxError, KeyError) as error:
        raise DocumentError("is no Word file, or is broken or locked") from error
    numbered = re.compile(vocabulary().marks.step)
    items: list[str] = []
    sort = ""

    def close() -> None:
        (builder.steps if sort == "steps" else builder.points)(items)
        items.clear()

    for element in word.element.body.iterchildren():
        if element.tag.endswith("}tbl"):
            close()
            builder.table(_rows(Table(element, word)))
        elif element.tag.endswith("}p"):
            paragraph = Paragraph(element, word)
            kind, level = _kind(paragraph, numbered)
            if kind in ("steps", "list"):
                if kind != sort:
                    close()
                sort = kind
                items.append(numbered.sub("", paragraph.text, count=1))
                continue
            close()
            if kind == "heading":
                builder.heading(level, paragraph.text)
            else:
                builder.paragraph(paragraph.text)
    close()


def _kind(paragraph: Paragraph, numbered: re.Pattern[str]) -> tuple[str, int]:
    style = paragraph.style.name if paragraph.style is not None else ""
    level = _LEVEL.match(style)
    if level:
        return "heading", int(level.group(1))
    if style.lower() in ("title", "\u6807\u9898"):
        return "heading", 1
    if style.startswith("List Bullet"):
        return "list", 0
    if style.startswith("List Number") or numbered.match(paragraph.text):
        return "steps", 0
    properties = paragraph._p.pPr
    return ("steps" if properties is not None and properties.numPr is not None else "paragraph"), 0


def _rows(table: Table) -> list[list[str]]:
    """Cells row by row; merged cells repeat in each place that they cover."""
    return [[cell.text for cell in row.cells] for row in table.rows]
