"""What the sections of a manual are about, by their headings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kefu.knowledge.extraction.documents import Document, Span
from kefu.knowledge.extraction.vocabulary import Vocabulary

#: Behind the name in a heading: "(only for ...)".
_ASIDE = re.compile(r"\s*[(\uff08][^()\uff08\uff09]*[)\uff09]\s*$")


class Sections:
    """Of one document."""

    def __init__(self, document: Document, vocabulary: Vocabulary) -> None:
        """Takes the document's title from its first block."""
        first = document.blocks[0]
        self._titled = first.items[0] if first.kind == "heading" else None
        self._vocabulary = vocabulary

    def of(self, headings: Sequence[Span]) -> str:
        """What the nearest heading that says so is about (``Vocabulary.sections``); empty if none does."""
        for heading in reversed(headings):
            if heading == self._titled:  # "installation and warranty" says nothing of its sections
                continue
            bare = self.bare(heading)
            for section, words in self._vocabulary.sections.items():
                if re.search(words, bare.text):
                    return section
        return ""

    def bare(self, heading: Span) -> Span:
        """A heading without its number and without what stands in parentheses behind it."""
        number = re.match(self._vocabulary.marks.heading_number, heading.text)
        start = number.end() if number else 0
        text = _ASIDE.sub("", heading.text[start:]).strip() or heading.text[start:].strip()
        start = heading.text.index(text, start)
        return Span(heading.start + start, heading.start + start + len(text), text)
