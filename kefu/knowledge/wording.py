"""How much of what was said a text says, where neither uses the other's words exactly."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

_TOKENS = re.compile(r"[a-z]+|\d+(?:\.\d+)?|[^\W\d_a-z]")


def grams(text: str) -> list[str]:
    """Han characters, Latin words and numbers of normal text, and pairs of neighbours."""
    tokens = _TOKENS.findall(text)
    return [*tokens, *(left + right for left, right in zip(tokens, tokens[1:], strict=False))]


class Wording:
    """Texts, looked up by how much of a phrase they hold; rare characters count for more. Immutable."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Counts the texts.

        Args:
            texts: Normal texts; a text is known by its position.
        """
        self._holding: dict[str, list[int]] = defaultdict(list)
        for number, text in enumerate(texts):
            for gram in set(grams(text)):
                self._holding[gram].append(number)
        self._count = max(len(texts), 1)

    def covering(self, phrase: str) -> dict[int, float]:
        """The texts that hold something of a phrase, each with the share that it holds, 0 to 1."""
        asked = Counter(grams(phrase))
        total, held = 0.0, defaultdict(float)
        for gram, times in asked.items():
            holding = self._holding.get(gram, ())
            weight = times * math.log(1 + self._count / (1 + len(holding)))
            total += weight
            for number in holding:
                held[number] += weight
        return {number: share / total for number, share in held.items()} if total else {}


def cover(phrase: str, text: str) -> float:
    """The share of a phrase's characters and pairs that a text holds, all alike."""
    asked, told = grams(phrase), set(grams(text))
    return sum(gram in told for gram in asked) / len(asked) if asked else 0.0


def joined(parts: Iterable[str]) -> str:
    """Texts as one, so that no pair goes over an edge."""
    return " | ".join(parts)
