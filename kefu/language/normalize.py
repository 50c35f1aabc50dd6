"""Brings what people type to one form, keeping the way back to the original characters.

Full width becomes half width, traditional becomes simplified, letters become lower case, circled and
other compatibility digits become digits, zero-width characters vanish and runs of blanks shrink to one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from opencc_purepy import OpenCC

_ZERO_WIDTH = frozenset("\u200b\u200c\u200d\u2060\ufeff\ufe0f")
_PUNCTUATION = str.maketrans("。、【】《》〈〉“”‘’…—～「」『』", ".,[]<><>\"\"''.-~\"\"''")


@dataclass(frozen=True)
class Normalized:
    """Normal text and, for each of its characters, the index in the original.

    Attributes:
        text: The normal form.
        offsets: ``offsets[i]`` is where character ``i`` stood; one more entry than ``text`` has
            characters, the last being the original length.
    """

    text: str
    offsets: tuple[int, ...]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Turns a non-empty span of the normal text into the span it came from."""
        return self.offsets[start], self.offsets[end - 1] + 1


@lru_cache(maxsize=1)
def _converter() -> OpenCC:
    return OpenCC("t2s")


@lru_cache(maxsize=65536)
def _fold(character: str) -> str:
    """Folds one character; may give none (zero width) or several (ligatures, units)."""
    if character in _ZERO_WIDTH or unicodedata.category(character) == "Cc" and not character.isspace():
        return ""
    if character.isspace():
        return " "
    folded = unicodedata.normalize("NFKC", character).lower().translate(_PUNCTUATION)
    simplified = _converter().convert(folded) if not folded.isascii() else folded
    return simplified.strip()


# One message is read by tokens, names, meaning, intent and search.
@lru_cache(maxsize=1024)
def normalize(text: str) -> Normalized:
    """Normalises ``text``; see the module for what changes."""
    characters: list[str] = []
    offsets: list[int] = []
    for index, character in enumerate(text):
        for folded in _fold(character):
            if folded == " " and (not characters or characters[-1] == " "):
                continue
            characters.append(folded)
            offsets.append(index)
        if character.isspace() and characters and characters[-1] != " ":
            characters.append(" ")
            offsets.append(index)
    if characters and characters[-1] == " ":
        characters.pop()
        offsets.pop()
    return Normalized("".join(characters), tuple(offsets) + (len(text),))


# The names of a graph are folded anew for each edition.
@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """The normal form without any blank or punctuation: what two spellings of a name share."""
    return re.sub(r"[\W_]+", "", normalize(text).text)
