"""Which language a conversation is held in."""

from __future__ import annotations

import re
from collections.abc import Iterable

_HAN = re.compile(r"[\u3400-\u9fff]")
# Not the letters of a code or a model: AB2CD3EF is no English.
_LATIN_WORD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z']+(?![A-Za-z0-9])")

LANGUAGES = ("zh", "en")


def language_of(text: str) -> str | None:
    """``zh``, ``en``, or none where the text alone does not tell (a number, a model, an emoji, a button)."""
    if text.startswith("/"):  # a button's payload: its words are ours
        return None
    if _HAN.search(text):
        return "zh"
    return "en" if len(_LATIN_WORD.findall(text)) >= 2 else None


def conversation_language(
    chosen: str | None, recent_texts: Iterable[str], page_language: str | None = None
) -> str:
    """The language to answer in.

    Args:
        chosen: What the customer asked for, if ever; it wins.
        recent_texts: The customer's texts, newest first; the first that tells decides.
        page_language: Language of the page, when no text tells.
    """
    if chosen in LANGUAGES:
        return chosen
    told = (language for language in map(language_of, recent_texts) if language)
    return next(told, page_language if page_language in LANGUAGES else "zh")
