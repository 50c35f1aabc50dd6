"""Files of rules that people edit while everything runs: checked, mistakes named by line, and read anew."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, Extra, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

logger = logging.getLogger(__name__)

_Book = TypeVar("_Book", bound="Entry")


class RuleError(ValueError):
    """A file of rules can't be used; the message names file, line and field."""


class Entry(BaseModel):
    """A part of such a file: a field that nobody knows is a mistake."""

    class Config:
        """Of pydantic."""

        extra = Extra.forbid
        allow_population_by_field_name = True


def read(book: type[_Book], path: Path) -> _Book:
    """Reads and checks a file.

    Raises:
        RuleError: It is no YAML, or a field is missing, unknown or wrong.
    """
    try:
        content = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise RuleError(f"{path.name}, line {line}: {error.problem}") from error
    except (YAMLError, ValueError) as error:
        raise RuleError(f"{path.name}: {error}") from error
    try:
        return book.parse_obj(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = " > ".join(str(step) for step in first["loc"] if step != "__root__")
        line = _line(content, first["loc"])
        raise RuleError(f"{path.name}, line {line}: {where}: {first['msg']}") from error


_last_good: dict[Path, Entry] = {}


def current(book: type[_Book], path: Path) -> _Book:
    """What is in force: what the file says, or the last right version while it has a mistake.

    Raises:
        RuleError: The file was never right in this process.
    """
    try:
        _last_good[path] = _read(book, path, path.stat().st_mtime_ns)
    except (RuleError, FileNotFoundError) as error:
        if path not in _last_good:
            raise error if isinstance(error, RuleError) else RuleError(f"{path.name}: is missing") from None
        logger.error("%s.read.failure: %s", path.stem, error)
    return _last_good[path]


@lru_cache(maxsize=8)
def _read(book: type[_Book], path: Path, _changed: int) -> _Book:
    return read(book, path)


def _line(content: Any, location: tuple) -> int:
    """The line of the field at fault, or of the nearest part of the file around it."""
    line = 1
    for step in location:
        marks = getattr(content, "lc", None)
        if marks is None:
            break
        try:
            line = (marks.key(step) if isinstance(content, dict) else marks.item(step))[0] + 1
            content = content[step]
        except (KeyError, IndexError, TypeError):
            break
    return line
