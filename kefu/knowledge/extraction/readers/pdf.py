"""PDF files with text in them; what was only scanned is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfminer.pdfparser import PDFSyntaxError
from pdfminer.psparser import PSException

from kefu.knowledge.extraction.documents import Builder, DocumentError
from kefu.knowledge.extraction.readers.lines import add_lines

_MAX_PAGES = 3000
#: A line so much larger than the running text is a heading.
_LARGER = 1.15
#: Tables are drawn with lines; a page with fewer has none.
_TABLE_LINES = 4


def read(path: Path, builder: Builder) -> None:
    """Reads page by page: tables as such, larger lines as headings, lines of one paragraph joined."""
    try:
        with pdfplumber.open(path) as file:
            if len(file.pages) > _MAX_PAGES:
                raise DocumentError(f"has more than {_MAX_PAGES} pages")
            pieces: list[tuple[str, Any, float]] = []
            for page in file.pages:
                pieces += _pieces(page)
                page.close()
    except PDFPasswordIncorrect as error:
        raise DocumentError("is locked by a password") from error
    except (PDFSyntaxError, PSException, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise DocumentError("is no PDF, or is broken") from error
    except Exception as error:
        # pdfplumber wraps what its parser finds in classes that changed with its releases.
        if type(error).__module__.startswith(("pdfplumber", "pdfminer")):
            raise DocumentError("is no PDF, or is broken or locked") from error
        raise
    _add(_without_margins(pieces), builder)


def _pieces(page: Any) -> list[tuple[str, Any, float]]:
    """Tables as ``("table", rows, 0)`` and lines as ``("line", text, size)``, from the top down."""
    tables = page.find_tables() if len(page.rects) + len(page.lines) >= _TABLE_LINES else []
    found = [(table.bbox[1], ("table", table.extract(), 0.0)) for table in tables if len(table.rows) > 1]
    boxes = [table.bbox for table in tables if len(table.rows) > 1]
    for line in page.extract_text_lines(return_chars=True) if page.chars else ():
        if not any(box[0] <= line["x0"] and box[1] <= line["top"] < box[3] for box in boxes):
            size = median(char["size"] for char in line["chars"])
            found.append((line["top"], ("line", line["text"].strip(), size)))
    return [piece for _, piece in sorted(found, key=lambda item: item[0])]


def _without_margins(pieces: list[tuple[str, Any, float]]) -> list[tuple[str, Any, float]]:
    """Leaves out page numbers and what repeats on pages (running titles)."""
    times = Counter(text for kind, text, _ in pieces if kind == "line")
    return [
        (kind, text, size)
        for kind, text, size in pieces
        if kind == "table" or not (text.strip("-\u2014 /").isdigit() or times[text] > 3 and len(text) < 40)
    ]


def _add(pieces: Iterable[tuple[str, Any, float]], builder: Builder) -> None:
    pieces = list(pieces)
    sizes = Counter(round(size, 1) for kind, _, size in pieces if kind == "line" for _ in range(10))
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    larger = sorted({size for size in sizes if size > body * _LARGER}, reverse=True)
    lines: list[str] = []

    def close() -> None:
        add_lines(lines, builder, markdown=True)
        lines.clear()

    for kind, content, size in pieces:
        if kind == "table":
            close()
            builder.table(content)
        elif round(size, 1) in larger:
            close()
            builder.heading(larger.index(round(size, 1)) + 1, content)
        else:
            lines.append(content)
    close()
