"""Whether a text says yes or no to a question."""

from __future__ import annotations

import re

from kefu.knowledge.graph import Fact
from kefu.knowledge.vocabulary import Vocabulary
from kefu.knowledge.wording import cover
from kefu.language.normalize import normalize

_SENTENCES, _CLAUSES = re.compile(r"[。;；!！?？\n]|\.\s"), re.compile(r"[,，;；。]|\.\s")
#: A clause is about what is asked from this share of the question on that it holds.
_ABOUT = 0.25


class Statements:
    """Reads answers; immutable."""

    def __init__(self, words: Vocabulary) -> None:
        """Reads by the expressions of ``words``."""
        self._grants, self._refuses = re.compile(words.grants), re.compile(words.refuses)

    def holds(self, fact: Fact, asked: str) -> bool | None:
        """What an answer or a specification says to a question; nothing if it says neither yes nor no.

        Args:
            fact: What answers.
            asked: The question, as normal text.
        """
        if fact.kind not in ("faq", "spec"):
            return None
        clauses = [text for one in _CLAUSES.split(fact.body) if (text := normalize(one).text)]
        if not clauses:
            return None
        closest = max(clauses, key=lambda clause: cover(asked, clause))
        opening = clauses[0]
        for clause in (closest, opening) if cover(asked, closest) >= _ABOUT else (opening, closest):
            if self._refuses.search(clause):
                return False
            if self._grants.search(clause):
                return True
        return None
