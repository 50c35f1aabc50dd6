"""The beginning of an answer, for who wants it short."""

from __future__ import annotations

import re

#: So many characters are short enough to be left alone.
ENOUGH = 70
_SENTENCE = re.compile(r"[^。！？!?]*[。！？!?]+|[^。！？!?]+$")
_STEP = re.compile(r"(?m)^\s*(?:\d+[.、)]|[-·])\s*\S")
_MORE = "……"


def brief(text: str, enough: int = ENOUGH) -> str:
    """The first whole sentences of a text, at least one, and a sign that there is more.

    Steps and lists stay whole: half of them would be wrong, not short. What stands in front of them goes.
    """
    listed = _STEP.search(text)
    if listed:
        return text[listed.start() :].strip() if listed.start() and len(text) > enough else text
    if len(text) <= enough:
        return text
    kept = ""
    for sentence in _SENTENCE.findall(text):
        if kept and len(kept) + len(sentence) > enough:
            break
        kept += sentence
    return kept.strip() if len(kept) >= len(text.rstrip()) else kept.strip() + _MORE
