"""What single cells and labels of a manual name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kefu.knowledge.extraction.documents import Span
from kefu.knowledge.extraction.mentions import Mention
from kefu.knowledge.extraction.vocabulary import Vocabulary

#: How sure a cell's kind is from its header, and a relation from standing in one row.
CELL, ROW = 0.93, 0.95
IN_PARENTHESES = re.compile(r"\s*[(\uff08]([^()\uff08\uff09]*)[)\uff09]\s*$")
CODE = re.compile(
    r"0x[0-9A-Fa-f]+|\d{3} \d\.\d\.\d|[A-Za-z]{0,6}[-_ ]?\d{1,6}(?:[.\-]\d{1,3})?[A-Za-z]?"
    # Letters alone are one where they are few, or capitals: "Noise" is none.
    r"|[A-Z]{2,4}\d{0,2}\+|(?<![A-Za-z])(?:[A-Z]{1,5}|[A-Za-z]{1,3}[A-Z]?)(?:-[A-Za-z]{1,2})?(?![A-Za-z])"
)
#: An aside that names models, or says "only".
_RESTRICTS = re.compile("[A-Z0-9]{2}|\u4ec5|\u53ea|\u9650|\u7248$")
_CODES_APART = re.compile(r"\s*[/,\u3001\uff0c\uff0f;\uff1b\n]\s*")


def column_kind(header: str, vocabulary: Vocabulary) -> str:
    """What a column holds, or a label announces; empty if the words do not say."""
    bare = IN_PARENTHESES.sub("", header)
    return next((kind for kind, words in vocabulary.columns.items() if re.search(words, bare)), "")


def named_in(cell: Span, kind: str, vocabulary: Vocabulary) -> Iterator[Mention]:
    """What one cell names: several things where signs or numbers part them."""
    if re.search(vocabulary.blank, cell.text):
        return
    apart = _CODES_APART if kind in ("error_code", "product") else re.compile(vocabulary.marks.several)
    if kind in ("function", "policy", "product_line"):
        apart = re.compile(r"\n")
    found = list(pieces(cell.text, apart, vocabulary))
    if kind == "solution" and found:  # steps of one solution belong together
        start, end = found[0][0], found[-1][1]
        steps = tuple(cell.text[a:b] for a, b in found) if len(found) > 1 else ()
        text = cell.text[start:end]
        yield Mention(kind, cell.start + start, cell.start + end, text, CELL, "table", steps)
        return
    for start, end in found:
        said = cell.text[start:end]
        aside = IN_PARENTHESES.search(said)
        if aside and kind in ("fault", "function", "policy") and _RESTRICTS.search(aside.group(1)):
            end, said = start + aside.start(), said[: aside.start()]
        if kind == "policy" and re.search(vocabulary.exclusions, said):
            continue
        if kind == "error_code":
            code = CODE.search(said)
            if not code:
                continue
            start, end = start + code.start(), start + code.end()
        yield Mention(kind, cell.start + start, cell.start + end, cell.text[start:end], CELL, "table")


def pieces(text: str, apart: re.Pattern[str], vocabulary: Vocabulary) -> Iterator[tuple[int, int]]:
    """Where the pieces of ``text`` stand, without numbers before and stops behind."""
    last = 0
    for match in [*apart.finditer(text), None]:
        start, end = last, match.start() if match else len(text)
        last = match.end() if match else end
        number = re.match(vocabulary.marks.step, text[start:end])
        start += number.end() if number else 0
        piece = text[start:end]
        start += len(piece) - len(piece.lstrip())
        end -= len(piece) - len(piece.rstrip(" \u3002\uff1b;,\uff0c.\n"))
        if end > start and not re.search(vocabulary.blank, text[start:end]):
            yield start, end
