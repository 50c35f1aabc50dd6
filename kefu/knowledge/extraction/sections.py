"""What the sections of a manual are about: by their headings, else by what stands below them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from kefu.knowledge.extraction.content import Content
from kefu.knowledge.extraction.documents import Block, Document, Span
from kefu.knowledge.extraction.vocabulary import Vocabulary
from kefu.language.embedding import embed, embed_all

#: Behind the name in a heading: "(only for ...)".
_ASIDE = re.compile(r"\s*[(\uff08][^()\uff08\uff09]*[)\uff09]\s*$")
#: Before a colon in a point of a list, or the whole of a short one.
_LABEL = re.compile("^([^:\uff1a\u3002\uff1b;]{2,20}?)\\s*(?:[:\uff1a]|$)")
#: A heading that means so much the same as a known one is about the same; a word alone says less.
_ALIKE, _SHORT = 0.6, 2
#: A heading is about what the names below it are: so many, so likely, and likelier than others.
_NAMES, _LIKELY, _APART = 2, -1.6, 1.0
_SECTION_OF = {"fault": "faults", "function": "functions", "policy": "policies"}


class Sections:
    """Of one document."""

    def __init__(self, document: Document, vocabulary: Vocabulary, content: Content | None = None) -> None:
        """Takes the document's title from its first block.

        Args:
            document: What is read.
            vocabulary: The words to go by.
            content: Tells what names below a heading are; without it the headings' words alone count.
        """
        first = document.blocks[0]
        self._titled = first.items[0] if first.kind == "heading" else None
        self._vocabulary = vocabulary
        self._told: dict[str, str] = {}
        self._held = self._by_content(document, content) if content is not None else {}

    def of(self, headings: Sequence[Span]) -> str:
        """What the nearest heading that says so is about (``Vocabulary.sections``); empty if none does."""
        for heading in reversed(headings):
            if heading == self._titled:  # "installation and warranty" says nothing of its sections
                continue
            section = self._by_words(self.bare(heading).text) or self._held.get(heading, "")
            if section:
                return section
        return ""

    def bare(self, heading: Span) -> Span:
        """A heading without its number and without what stands in parentheses behind it."""
        number = re.match(self._vocabulary.marks.heading_number, heading.text)
        start = number.end() if number else 0
        text = _ASIDE.sub("", heading.text[start:]).strip() or heading.text[start:].strip()
        start = heading.text.index(text, start)
        return Span(heading.start + start, heading.start + start + len(text), text)

    def _by_words(self, text: str) -> str:
        if text not in self._told:
            self._told[text] = next(
                (section for section, words in self._vocabulary.sections.items() if re.search(words, text)),
                "",
            )
        return self._told[text]

    def _by_content(self, document: Document, content: Content) -> dict[Span, str]:
        """What headings are about whose words do not say."""
        named: dict[Span, list[str]] = defaultdict(list)
        for block in document.blocks:
            inner = block.headings[1:-1] if block.kind == "heading" else block.headings[1:]
            if inner and not any(self._by_words(self.bare(heading).text) for heading in inner):
                named[inner[-1]] += self._names(block)
        found: dict[Span, str] = {}
        for heading, names in named.items():
            known = tuple((section, tuple(some)) for section, some in self._vocabulary.headings.items())
            found[heading] = self._named(content, names) or _alike(self.bare(heading).text, known)
        return found

    def _named(self, content: Content, names: Sequence[str]) -> str:
        """The section that such names stand in; empty if that is not plain."""
        judged = content(names) if len(names) >= _NAMES else {}
        best, second = sorted(judged, key=judged.get, reverse=True)[:2] if judged else ("", "")
        plain = best and judged[best] >= _LIKELY and judged[best] - judged[second] >= _APART
        return _SECTION_OF.get(best, "") if plain else ""

    def _names(self, block: Block) -> list[str]:
        """What headings, points and first columns below a heading say: names, if they are any."""
        if block.kind == "heading":
            return [self.bare(block.items[0]).text]
        if block.kind == "list":
            labels = [_LABEL.match(item.text) for item in block.items]
            return [label.group(1) for label in labels if label] + [word.text for word in block.marked]
        return [word.text for word in block.marked]


@lru_cache(maxsize=1024)
def _alike(heading: str, known: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    """The section whose known headings mean the same; empty if none does."""
    if len(heading) <= _SHORT:
        return ""
    sections, vectors = _known(known)
    alike = vectors @ embed(heading)
    best = int(np.argmax(alike))
    return sections[best] if alike[best] >= _ALIKE else ""


@lru_cache(maxsize=2)
def _known(known: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[list[str], np.ndarray]:
    pairs = [(section, heading) for section, headings in known for heading in headings]
    return [section for section, _ in pairs], embed_all([heading for _, heading in pairs])
