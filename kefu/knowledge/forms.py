"""How questions ask, and what an answer then has to tell: ``data/agreement.yml``."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import validator

from kefu import rulebook
from kefu.config import ROOT
from kefu.rulebook import Entry

FILE = ROOT / "data" / "agreement.yml"
#: From fewer messages nothing can be learned.
_LEAST = 10


def _expression(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from error
    return value


class Forms(Entry):
    """How questions ask; the file's comments say what each part is for."""

    digits: str
    used_with: str
    number: str
    figure: str
    no_units: list[str]
    told_as: dict[str, str]
    sizes: dict[str, list[str]]
    either: str
    asks: str
    having: str
    nodding: str
    of_part: str
    presuming: str
    claim: str
    occasion: str
    aspects: dict[str, str]
    contrast: str
    inquiry: str
    negation: str
    demand: str
    lasting: str
    excluding: list[str]
    plain: list[str]

    _expressions = validator(
        "digits", "used_with", "number", "figure", "either", "asks", "having", "nodding", "of_part",
        "presuming", "claim", "occasion", "contrast", "inquiry", "negation", "demand", "lasting",
        allow_reuse=True,
    )(_expression)  # fmt: skip

    @validator("told_as")
    def _units_told(cls, value: dict[str, str]) -> dict[str, str]:
        return {unit: _expression(told) for unit, told in value.items()}

    @validator("aspects")
    def _aspects_told(cls, value: dict[str, str]) -> dict[str, str]:
        return {_expression(asked): _expression(told) for asked, told in value.items()}

    @validator("excluding", "plain")
    def _enough(cls, value: list[str]) -> list[str]:
        if len(value) < _LEAST:
            raise ValueError(f"needs at least {_LEAST} messages to learn from")
        return value

    @validator("sizes")
    def _sizes_asked(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        return {_expression(asked): dimensions for asked, dimensions in value.items()}


class _File(Entry):
    agreement: Forms


def forms(path: Path = FILE) -> Forms:
    """The expressions in force.

    Raises:
        RuleError: The file was never right in this process.
    """
    return rulebook.current(_File, path).agreement
