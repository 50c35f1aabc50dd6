"""Single lines and sentences of a manual: what their form adds to what was found in them."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from kefu.knowledge.extraction.cells import named_in
from kefu.knowledge.extraction.documents import Document, Span
from kefu.knowledge.extraction.mentions import Link, Mention
from kefu.knowledge.extraction.sections import Sections
from kefu.knowledge.extraction.specs import spec_mention
from kefu.knowledge.extraction.vocabulary import Vocabulary

_TOLD = 0.85
#: Up to the end of a sentence; an instruction goes on for so many signs at most.
_TO_STOP, _MORE = re.compile("[^\u3002\uff1b;\uff01\uff1f\n()\uff08\uff09]*"), 24


def cause_and_solution(
    item: Span, cause: str, solution: str, vocabulary: Vocabulary
) -> tuple[list[Mention], list[Link]]:
    """A line of a cause and, behind a sign, what to do."""
    behind = item.start + item.text.rindex(solution)
    causes = list(named_in(Span(item.start, item.start + len(cause), cause), "cause", vocabulary))
    solutions = list(named_in(Span(behind, behind + len(solution), solution), "solution", vocabulary))
    causes, solutions = ([replace(m, by="pattern") for m in found] for found in (causes, solutions))
    links = [Link("solved_by", one, other, _TOLD) for one in causes for other in solutions]
    return [*causes, *solutions], links


def whole_solutions(item: Span, found: Sequence[Mention]) -> list[Mention]:
    """Instructions up to the end of their sentence: what follows each other there is one solution."""
    whole: list[Mention] = []
    for m in sorted(found, key=lambda one: one.start):
        if m.kind == "solution" and any(one.kind == "solution" and m.start < one.end for one in whole):
            continue
        if m.kind == "solution" and m.by == "learned":
            behind = _TO_STOP.match(item.text, m.end - item.start).end() + item.start
            others = [o for o in found if o.kind != "solution" and m.end <= o.start < behind]
            if behind - m.end <= _MORE and not others:
                m = replace(m, end=behind, text=item.text[m.start - item.start : behind - item.start])
        whole.append(m)
    return whole


def valued(mention: Mention, item: Span) -> Mention:
    """A spec with the value that is told behind its name."""
    if mention.kind != "spec":
        return mention
    rest = re.split(r"[\u3002\uff1b;\uff0c,\n]", item.text[mention.end - item.start :])[0]
    spec = spec_mention(Span(mention.start, mention.end, mention.text), rest)
    return replace(mention, value=spec.value, unit=spec.unit) if spec.unit else mention


def concerned(document: Document, sections: Sections, mentions: Sequence[Mention]) -> Iterator[Link]:
    """Faults below a function's heading, or that name a function or whose row or text does, concern it."""
    functions = {m.text: m for m in mentions if m.kind == "function"}
    starts = [block.spans[0].start for block in document.blocks]
    for fault in (m for m in mentions if m.kind == "fault"):
        position = bisect.bisect_right(starts, fault.start) - 1
        block = document.blocks[position]
        above = {sections.bare(heading).text for heading in block.headings[1:]}
        told = _told_of(document, position, fault)
        for name, function in functions.items():
            if name in above or name in fault.text and name != fault.text or name in told:
                yield Link("concerns", fault, function, _TOLD)


def _told_of(document: Document, position: int, fault: Mention) -> str:
    """A fault's row, or what stands below its heading up to the next one."""
    block = document.blocks[position]
    for row in block.rows:
        if row[0].start <= fault.start < row[-1].end:
            return "\n".join(cell.text for cell in row)
    if block.kind != "heading":
        return ""
    texts: list[str] = []
    for below in document.blocks[position + 1 :]:
        if below.kind in ("heading", "table"):
            break
        texts += [item.text for item in below.items]
    return "\n".join(texts)
