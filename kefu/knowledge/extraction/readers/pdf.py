"""PDF files with text in them; what was only scanned is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfminer.pdfparser import PDFSyntaxError
from pdfminer.psparser import PSException

from kefu.knowledge.extraction.documents import Builder, DocumentError
from kefu.knowledge.extraction.readers.lines import add_lines
from kefu.knowledge.extraction.vocabulary import vocabulary

_MAX_PAGES = 3000
#: A line so much larger than the running text is a heading.
_LARGER = 1.15
#: Tables are drawn with lines; a page with fewer has none.
_TABLE_LINES = 4
#: A line that reaches so far to the right goes on in the next one, unless its sentence ends.
_FULL, _ENDS = 0.93, "\u3002\uff01\uff1f\uff1a.!?:"


@dataclass(frozen=True)
class _Piece:
    """A table, or a line with the size of its letters and where it ends on the page."""

    rows: list[list[str | None]] | None = None
    text: str = ""
    size: float = 0.0
    right: float = 0.0


def read(path: Path, builder: Builder) -> None:
    """Reads page by page: tables as such, larger lines as headings, lines of one paragraph joined."""
    try:
        with pdfplumber.open(path) as file:
            if len(file.pages) > _MAX_PAGES:
                raise DocumentError(f"has more than {_MAX_PAGES} pages")
            pieces: list[_Piece] = []
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


def _pieces(page: Any) -> list[_Piece]:
    """What stands on a page, from the top down."""
    tables = page.find_tables() if len(page.rects) + len(page.lines) >= _TABLE_LINES else []
    tables = [table for table in tables if len(table.rows) > 1]
    found = [
        (table.bbox[1], _Piece([[_joined(c) for c in row] for row in table.extract()])) for table in tables
    ]
    for line in page.extract_text_lines(return_chars=True) if page.chars else ():
        boxes = (table.bbox for table in tables)
        if not any(box[0] <= line["x0"] and box[1] <= line["top"] < box[3] for box in boxes):
            size = median(char["size"] for char in line["chars"])
            piece = _Piece(None, line["text"].strip(), round(size, 1), line["x1"] / float(page.width))
            found.append((line["top"], piece))
    return [piece for _, piece in sorted(found, key=lambda item: item[0])]


def _joined(cell: str | None) -> str:
    """A cell's text without the breaks that its width made."""
    return re.sub(r"(?<![a-zA-Z;\uff1b\u3002])\n(?!\d[.\u3001)])", "", cell or "")


def _without_margins(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Leaves out page numbers and what repeats on pages (running titles)."""
    times = Counter(piece.text for piece in pieces if piece.rows is None)
    return [
        piece
        for piece in pieces
        if piece.rows is not None
        or not (piece.text.strip("-\u2014 /").isdigit() or times[piece.text] > 3 and len(piece.text) < 40)
    ]


def _add(pieces: Sequence[_Piece], builder: Builder) -> None:
    sizes: Counter[float] = Counter()
    for piece in pieces:
        sizes[piece.size] += len(piece.text)
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    larger = sorted({size for size in sizes if size > body * _LARGER}, reverse=True)
    full = _FULL * max((piece.right for piece in pieces), default=1.0)
    begins = re.compile(f"{vocabulary().marks.step}|{vocabulary().marks.point}")
    lines: list[str] = []
    before: _Piece | None = None
    for piece in pieces:
        if piece.rows is not None or piece.size in larger:
            add_lines(lines, builder, markdown=True)
            lines.clear()
            if piece.rows is not None:
                builder.table(piece.rows)
            else:
                builder.heading(larger.index(piece.size) + 1, piece.text)
            before = None
            continue
        goes_on = before is not None and before.right >= full and before.text[-1:] not in _ENDS
        if goes_on and lines and not begins.match(piece.text):
            lines[-1] += piece.text
        else:
            lines.append(piece.text)
        before = piece
    add_lines(lines, builder, markdown=True)
