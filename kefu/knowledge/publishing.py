"""What may be published without a reviewer: the rules of ``data/publishing.yml``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, constr

from kefu import rulebook
from kefu.config import ROOT
from kefu.knowledge.models import KINDS
from kefu.rulebook import Entry

FILE = ROOT / "data" / "publishing.yml"
Kind = Literal[KINDS]


class Rule(Entry):
    """Takes candidates of some kinds from some documents from a confidence on."""

    name: constr(strip_whitespace=True, min_length=1, max_length=48)
    documents: list[Literal["manual", "ticket"]] = Field(min_items=1)
    kinds: list[Kind] = Field(min_items=1)
    confidence: float = Field(gt=0, le=1)


class Rules(Entry):
    """The file."""

    publishing: list[Rule] = []


def rule_for(document: str, kind: str, confidence: float, path: Path = FILE) -> str | None:
    """Name of the rule that publishes a candidate.

    Args:
        document: Kind of its document.
        kind: Of the candidate.
        confidence: Of the candidate.
        path: The file of rules.

    Raises:
        RuleError: The file was never right in this process.
    """
    for rule in rulebook.current(Rules, path).publishing:
        if document in rule.documents and kind in rule.kinds and confidence >= rule.confidence:
            return rule.name
    return None
