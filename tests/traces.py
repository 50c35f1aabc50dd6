"""Looks for words in every table of a database and in every file of a folder."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine


def in_tables(
    database: Engine, words: Iterable[str], tables: Collection[str] | None = None
) -> dict[str, list[str]]:
    """Of each word the tables (of those named, or all) that hold it, in whatever column, escaped or not."""
    found: dict[str, list[str]] = {}
    with database.connect() as connection:
        there = sa.inspect(connection).get_table_names()
        for name in (name for name in there if tables is None or name in tables):
            rows = connection.exec_driver_sql(f'SELECT * FROM "{name}"').all()
            text = "\n".join(str(value) for row in rows for value in row)
            for word in words:
                if any(form in text for form in _forms(word)):
                    found.setdefault(word, []).append(name)
    return found


def in_files(folder: Path, words: Iterable[str]) -> dict[str, list[str]]:
    """Of each word the files that hold its bytes."""
    found: dict[str, list[str]] = {}
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        for word in words:
            if any(form.encode() in content for form in _forms(word)):
                found.setdefault(word, []).append(str(path.relative_to(folder)))
    return found


def _forms(word: str) -> tuple[str, str]:
    return word, word.encode("unicode_escape").decode()
