"""CSV files: one table each."""

from __future__ import annotations

import csv
from pathlib import Path

from kefu.knowledge.extraction.documents import Builder, DocumentError
from kefu.knowledge.extraction.readers.text import decoded


def read(path: Path, builder: Builder) -> None:
    """Reads the table; a blank line begins another one, a row of one cell before it is its title."""
    text = decoded(path)
    try:
        dialect = csv.Sniffer().sniff(text[:4096], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    rows: list[list[str]] = []
    try:
        for row in [*csv.reader(text.splitlines(), dialect, strict=False), []]:
            filled = [cell for cell in row if cell.strip()]
            if len(filled) == 1 and not rows:
                builder.heading(1, filled[0].lstrip("# "))
            elif filled:
                rows.append(row)
            elif rows:
                builder.table(rows)
                rows = []
    except csv.Error as error:
        raise DocumentError(f"is no CSV: {error}") from error
