"""Simplified and traditional characters: which a text is written in, and how ours becomes traditional."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from opencc_purepy import OpenCC

#: What customers can choose, and by which table of OpenCC simplified text becomes that.
TRADITIONAL = {"zh-Hant": "s2t", "zh-HK": "s2hk", "zh-TW": "s2tw"}
#: Characters that stand for names while the words around them are turned; no text has them.
_PLACES = range(0xE000, 0xF8FF)


def script_of(text: str) -> str | None:
    """``zh-Hant`` or ``zh-Hans``, or none where the text is written alike in both (or is no Chinese).

    Characters that have one form only do not count; where both kinds stand side by side, the more frequent.
    """
    if text.startswith("/"):  # a button's payload: its words are ours
        return None
    simplified, traditional = _kinds(text)
    if simplified == traditional:
        return None
    return "zh-Hant" if traditional > simplified else "zh-Hans"


def conversation_script(chosen: str | None, recent_texts: Iterable[str]) -> str:
    """The script to answer Chinese in: a key of ``TRADITIONAL``, or ``zh-Hans``.

    Args:
        chosen: What the customer asked for, if ever (``kefu.language.detect.CHOICES``); plain ``zh`` leaves
            the script open.
        recent_texts: The customer's texts, newest first; the first that tells decides.
    """
    if chosen in TRADITIONAL or chosen == "zh-Hans":
        return chosen
    return next(filter(None, map(script_of, recent_texts)), "zh-Hans")


# Most of what is said is said again: a response without facts, an entry of the knowledge.
@lru_cache(maxsize=4096)
def in_script(text: str, script: str, names: tuple[str, ...] = ()) -> str:
    """Our text, which is written in simplified characters, in another script, by whole phrases.

    Args:
        text: With Latin letters, digits and codes, which stay as they are.
        script: See ``conversation_script``; anything but ``TRADITIONAL`` changes nothing.
        names: Parts that stay as they are written, such as the names of people.
    """
    if script not in TRADITIONAL:
        return text
    kept = dict(zip(map(chr, _PLACES), sorted(filter(None, set(names)), key=len, reverse=True), strict=False))
    for place, name in kept.items():
        text = text.replace(name, place)
    text = _converter(TRADITIONAL[script]).convert(text)
    for place, name in kept.items():
        text = text.replace(place, name)
    return text


@lru_cache(maxsize=8)
def _converter(table: str) -> OpenCC:
    return OpenCC(table)


@lru_cache(maxsize=1024)
def _kinds(text: str) -> tuple[int, int]:
    """How many characters are written so only in simplified, and only in traditional script."""
    kinds = [_kind(character) for character in text if "\u3400" <= character <= "\u9fff"]
    return kinds.count("zh-Hans"), kinds.count("zh-Hant")


@lru_cache(maxsize=8192)
def _kind(character: str) -> str | None:
    if _converter("t2s").convert(character) != character:
        return "zh-Hant"
    return "zh-Hans" if _converter("s2t").convert(character) != character else None
