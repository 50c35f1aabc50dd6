"""Which language a conversation is held in."""

from __future__ import annotations

import re
from collections.abc import Iterable

_HAN = re.compile(r"[\u3400-\u9fff]")
# Not the letters of a code or a model: AB2CD3EF is no English.
_LATIN_WORD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z']+(?![A-Za-z0-9])")

LANGUAGES = ("zh", "en")
#: What a customer can choose: a language, for Chinese also the script (`kefu.language.script`).
CHOICES = ("zh", "zh-Hans", "zh-Hant", "zh-HK", "zh-TW", "en")
_NAMED = (
    ("zh-HK", re.compile("香港|[粤粵][语語]|广东话|廣東話|cantonese", re.IGNORECASE)),
    ("zh-TW", re.compile("[台臺](?:湾|灣)|taiwan", re.IGNORECASE)),
    ("zh-Hant", re.compile("繁|traditional", re.IGNORECASE)),
    ("zh-Hans", re.compile("简|簡|simplified", re.IGNORECASE)),
)


def language_of(text: str) -> str | None:
    """``zh``, ``en``, or none where the text alone does not tell (a number, a model, an emoji, a button)."""
    if text.startswith("/"):  # a button's payload: its words are ours
        return None
    if _HAN.search(text):
        return "zh"
    return "en" if len(_LATIN_WORD.findall(text)) >= 2 else None


def choice_of(language: str, said: str) -> str:
    """What of ``CHOICES`` is meant by a language that was named, in the words in which it was: 繁體中文."""
    if language != "zh":
        return language
    return next((choice for choice, form in _NAMED if form.search(said)), language)


def conversation_language(
    chosen: str | None, recent_texts: Iterable[str], page_language: str | None = None
) -> str:
    """The language to answer in.

    Args:
        chosen: What the customer asked for, if ever (one of ``CHOICES``); it wins.
        recent_texts: The customer's texts, newest first; the first that tells decides.
        page_language: Language of the page, when no text tells.
    """
    if chosen in CHOICES:
        return chosen.partition("-")[0]
    told = (language for language in map(language_of, recent_texts) if language)
    return next(told, page_language if page_language in LANGUAGES else "zh")
