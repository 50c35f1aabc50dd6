"""Messages that name something and ask nothing: the question before is meant, about that."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kefu.language.normalize import normalize

_REST = re.compile(
    r"(?:\W|那么?|这|要?如果|要是|换成|还有|另外|我家?|你们|的|是|个|款|台|把|呢|咧|哩|嘞|的话|又|也|"
    r"\b(?:and|then|what|how|about|the|for|with|one)\b)*"
)
_ASKS = re.compile(r"[呢咧哩嘞]\W*$|的话\W*$|\b(?:what|how) about\b|^and (?:the |for )?\W*$")


def follows_up(text: str, named: Iterable[tuple[int, int]]) -> bool:
    """Whether a message says no more than for what else the question before is asked: 那 L3 呢, and the L1?

    Args:
        text: As typed.
        named: Where names of products, lines and functions stand in it.
    """
    rest = text
    for start, end in sorted(named, reverse=True):
        rest = f"{rest[:start]} {rest[end:]}"
    rest = normalize(rest).text
    return rest.strip() != normalize(text).text.strip() and bool(_REST.fullmatch(rest) and _ASKS.search(rest))
