"""Answers that operators have at hand: ``data/canned.yml``, read anew when it is saved."""

from __future__ import annotations

import logging
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, Extra, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from kefu.config import ROOT
from kefu.knowledge.schema import Label

logger = logging.getLogger(__name__)


class _Entry(BaseModel):
    class Config:
        extra = Extra.forbid


class _Answer(_Entry):
    title: Label
    text: Label


class _Group(_Entry):
    name: Label
    answers: list[_Answer]


class Canned(_Entry):
    """The whole file."""

    groups: list[_Group] = []


class CannedError(ValueError):
    """The file can't be used; the message names file and field."""


def answers(path: Path = ROOT / "data" / "canned.yml") -> dict:
    """The answers by group; none while the file is missing or has a mistake, which is logged."""
    try:
        return read(path, path.stat().st_mtime_ns).dict()
    except (CannedError, OSError) as error:
        logger.error("canned.read.failure: %s", error)
        return Canned().dict()


@lru_cache(maxsize=2)
def read(path: Path, _changed: int = 0) -> Canned:
    """Reads and checks the file.

    Raises:
        CannedError: It is no YAML, or a field is missing, unknown or wrong.
    """
    try:
        return Canned.parse_obj(YAML(typ="safe").load(path.read_text(encoding="utf-8")))
    except YAMLError as error:
        raise CannedError(f"{path.name}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = " > ".join(str(step) for step in first["loc"])
        raise CannedError(f"{path.name}: {where}: {first['msg']}") from error
