"""CSV files: one table, or several under titles."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from kefu.knowledge.extraction.documents import Builder, DocumentError
from kefu.knowledge.extraction.readers.text import decoded
from kefu.knowledge.extraction.vocabulary import vocabulary


def read(path: Path, builder: Builder) -> None:
    """Reads the tables: a blank line, or a row of one cell that titles a section, begins another one."""
    sections = re.compile("|".join(vocabulary().sections.values()))
    titled = False
    text = decoded(path)
    try:
        dialect = csv.Sniffer().sniff(text[:4096], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    rows: list[list[str]] = []
    try:
        for row in [*csv.reader(text.splitlines(), dialect, strict=False), []]:
            filled = [cell for cell in row if cell.strip()]
            if len(filled) == 1 and (not rows or sections.search(filled[0]) and len(filled[0]) <= 20):
                _table(rows, builder)
                rows = []
                builder.heading(2 if titled else 1, filled[0].lstrip("# "))
                titled = True
            elif filled:
                rows.append(row)
            elif rows:
                _table(rows, builder)
                rows = []
    except csv.Error as error:
        raise DocumentError(f"is no CSV: {error}") from error


def _table(rows: Sequence[Sequence[str]], builder: Builder) -> None:
    """Adds a table; where its first column says to what section a row belongs, one for each section."""
    if len(rows) < 2 or not re.search(vocabulary().section_column, rows[0][0]):
        builder.table(rows)
        return
    for section, those in groupby(rows[1:], key=lambda row: row[0]):
        builder.heading(2, section)
        builder.table([rows[0][1:], *(row[1:] for row in those)])
