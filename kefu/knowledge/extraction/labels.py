"""What labels and codes at the beginning of a line announce."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kefu.knowledge.extraction.cells import column_kind, named_in
from kefu.knowledge.extraction.documents import Block, Span
from kefu.knowledge.extraction.mentions import Mention
from kefu.knowledge.extraction.vocabulary import Vocabulary

_SURE = 0.85
#: A label at the beginning of a line or a sentence, and the kinds that labels announce ("cause: ...").
_LABEL = re.compile(r"(?:^|(?<=[\u3002\uff1b;\s]))([^\s\u3002\uff1b;\uff0c,:\uff1a]{2,8})\s*[:\uff1a]\s*")
_LABELLED = ("cause", "solution", "symptom", "error_code")
#: A code, what parts it from its meaning, and the meaning up to the next clause.
CODED_NAME = re.compile(
    r"(?:[\u4e00-\u9fff]{2,6}\s*[\uff08(])?(?:[\u4e00-\u9fff]{2}\s*)?"
    r"([A-Za-z]{1,4}-?\d{1,5}|0x[0-9A-Fa-f]{2,4}|[A-Z]{1,2}[A-Za-z](?=\s*[:\uff1a])|\d{2,6}(?=\s*[:\uff1a()\uff08\uff09]))"
    r"\s*[:\uff1a\u2014\-\s()\uff08\uff09]+([^\uff0c\u3002\uff1b;,:\uff1a()\uff08\uff09]{2,20})"
)
#: So many lines that begin with a code are a list of codes.
_LISTED = 3


def lists_codes(block: Block) -> bool:
    """Whether the points of a list tell what codes mean."""
    coded = sum(bool(CODED_NAME.match(item.text)) for item in block.items)
    return block.kind in ("steps", "list") and coded >= max(_LISTED, len(block.items) - 1)


def labelled(item: Span, vocabulary: Vocabulary) -> Iterator[Mention]:
    """What "cause: ... what to do: ..." names; nothing where a line begins otherwise."""
    found = [
        (match, kind)
        for match in _LABEL.finditer(item.text)
        if (kind := column_kind(match.group(1), vocabulary)) in _LABELLED
    ]
    if not found or found[0][0].start():
        return
    ends = [match.start() for match, _ in found[1:]] + [len(item.text)]
    for (match, kind), end in zip(found, ends, strict=True):
        text = item.text[match.end() : end].rstrip()
        start = item.start + match.end()
        yield from named_in(Span(start, start + len(text), text), kind, vocabulary)


def code_and_fault(item: Span, match: re.Match[str]) -> Iterator[Mention]:
    """A code and the fault that it stands for, as ``CODED_NAME`` found them."""
    for kind, group in (("error_code", 1), ("fault", 2)):
        text = match.group(group).strip()
        start = item.start + match.start(group)
        yield Mention(kind, start, start + len(text), text, _SURE, "pattern")
