"""Running text as it is read: what stands below one heading at one go, the heading before it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from kefu.knowledge.extraction.documents import Block, Document, Span
from kefu.knowledge.extraction.labels import lists_codes
from kefu.knowledge.extraction.sections import Sections
from kefu.knowledge.extraction.vocabulary import Vocabulary

#: Blocks are read together up to so many characters.
_LONG = 360
#: The title and a section stand above a heading within it.
_WITHIN = 2


@dataclass(frozen=True)
class Passage:
    """Blocks of running text below one heading.

    Attributes:
        text: The heading if there is one, and each item on a line of its own.
        section: What the headings are about (``Vocabulary.sections``).
        heading: The heading without its number, as it begins the text; none right below a section's.
        blocks: The blocks.
        offsets: Where in the text each of their items begins, in order.
    """

    text: str
    section: str
    heading: Span | None
    blocks: tuple[Block, ...]
    offsets: tuple[int, ...]

    @property
    def items(self) -> list[tuple[Span, int]]:
        """All items, each with its place in the text."""
        spans = [item for block in self.blocks for item in block.items]
        return list(zip(spans, self.offsets, strict=True))


def passages(document: Document, sections: Sections) -> Iterator[Passage]:
    """The running text of a manual, without tables and without headings that nothing stands below.

    What stands below a heading within a section (a fault, a function) is told of it; right below the
    section's own heading each item stands for itself.
    """
    gathered: list[Block] = []
    for block in document.blocks:
        running = block.kind not in ("table", "heading")
        if gathered and (not running or block.headings != gathered[0].headings or _long(gathered, block)):
            yield _passage(gathered, sections)
            gathered = []
        if running and len(block.headings) > _WITHIN:
            gathered.append(block)
        elif running:
            for item in block.items:
                section = "faults" if lists_codes(block) else sections.of(block.headings)
                yield Passage(item.text, section, None, (replace(block, items=(item,)),), (0,))
    if gathered:
        yield _passage(gathered, sections)


def _long(gathered: Sequence[Block], block: Block) -> bool:
    return sum(len(item.text) for one in (*gathered, block) for item in one.items) > _LONG


def _passage(blocks: Sequence[Block], sections: Sections) -> Passage:
    headings = blocks[0].headings
    heading = sections.bare(headings[-1])
    text = f"{heading.text}\n"
    offsets = []
    for block in blocks:
        for item in block.items:
            offsets.append(len(text))
            text += f"{item.text}\n"
    return Passage(text.rstrip("\n"), sections.of(headings), heading, tuple(blocks), tuple(offsets))


def asked_in(block: Block, vocabulary: Vocabulary) -> list[Passage]:
    """The rows of a table of questions and answers; nothing for another table."""
    headers = [cell.text for cell in block.rows[0]]
    asked = next((i for i, text in enumerate(headers) if re.search(vocabulary.asked_column, text)), None)
    told = next((i for i, text in enumerate(headers) if re.search(vocabulary.answer_column, text)), None)
    if asked is None or told is None:
        return []
    found = []
    for row in block.rows[1:]:
        items = (row[asked], row[told])
        text = "\n".join(item.text for item in items)
        row_block = Block("paragraph", block.headings, items)
        found.append(Passage(text, "faults", None, (row_block,), (0, len(row[asked].text) + 1)))
    return found
