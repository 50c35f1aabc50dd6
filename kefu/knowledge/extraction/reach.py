"""How far what a manual says reaches: to which of its products."""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Iterator, Mapping, Sequence

from kefu.knowledge.extraction.documents import Block, Document
from kefu.knowledge.extraction.mentions import Mention
from kefu.knowledge.extraction.vocabulary import Vocabulary

_SENTENCE, _ASIDE, _APART = re.compile("[^\u3002\uff1b;\n]+"), re.compile("[(\uff08]([^()\uff08\uff09]+)"), 4
#: A sentence that only says which products have something holds few other signs.
_SAID = 8
#: Shorter names are found in sentences about other things.
_TELLING = 2
_ANNOUNCES = ("\uff1a", ":")
Told = list[Mention]


class Reach:
    """Of the statements of one manual."""

    def __init__(
        self,
        document: Document,
        vocabulary: Vocabulary,
        products: Sequence[Mention],
        lined: Mapping[str, Sequence[Mention]],
    ) -> None:
        """Finds the sentences that say which products something is for.

        Args:
            document: The manual.
            vocabulary: The words to go by.
            products: The products that it is about.
            lined: The products of each line, where there are several lines.
        """
        self._document, self._vocabulary, self._products = document, vocabulary, products
        self._lined = lined
        self._blocks = document.blocks
        self._starts = [block.spans[0].start for block in document.blocks]
        self._lines = sorted(_lines(document))
        self._statements = list(self._strict()) if len(products) > 1 else []
        self._announced = list(self._announcements()) if len(products) > 1 else []

    def of(self, mention: Mention, also: Sequence[str] = ()) -> Told:
        """The products that a mention is restricted to; empty if it is of all.

        Args:
            mention: A fault, function, spec or policy.
            also: Other names under which sentences may speak of it (its code).
        """
        if len(self._products) < 2:
            return []
        start, end = self._lines[bisect.bisect_right(self._lines, (mention.start, math.inf)) - 1]
        said = self._document.text[start:end]
        position = bisect.bisect_right(self._starts, mention.start) - 1
        block = self._blocks[position]
        found = self._aside(mention, said, start)
        body = self._body(position) if block.kind == "heading" else []
        for text in (said, *body):
            for sentence in _SENTENCE.findall(text):
                found = found or self._said(sentence)
        if mention.kind == "policy":
            for sentence in (*_SENTENCE.findall(said), *body[:1]):
                named = self._named(sentence)
                found = found or (named if len(named) < len(self._products) else [])
        names = [name for name in (mention.text, *also) if len(name) >= _TELLING]
        for sentence, products in () if found or mention.kind == "spec" else self._statements:
            if any(name in sentence for name in names):
                found = products
        for at, section, products in () if found else self._announced:
            if at < mention.start and block.headings[: len(section)] == section:
                found = products
        for heading in reversed(block.headings[1:]):
            found = found or self._heading(heading.text, heading.start)
        return found

    def _named(self, text: str) -> Told:
        """The products that a text names, the longest names first; those of the lines that it names."""
        found = _named_in(text, self._products)
        if not found:
            for line, products in sorted(self._lined.items(), key=lambda item: -len(item[0])):
                if line in text:
                    found += [product for product in products if product not in found]
                    text = text.replace(line, " ")
        return found

    def _said(self, sentence: str) -> Told:
        """The products that a sentence says something is for, or not for; empty if it does not say."""
        named = self._named(sentence)
        if not named:
            return []
        if re.search(self._vocabulary.without, sentence):
            return [product for product in self._products if product not in named]
        only = re.search(self._vocabulary.only, sentence)
        within = self._named(only.group()) if only else []
        bare = len(sentence) - sum(len(product.text) for product in named)
        found = within or (named if only or bare <= _SAID else [])
        return found if len(found) < len(self._products) else []

    def _strict(self) -> Iterator[tuple[str, Told]]:
        """Sentences of running text that restrict something to products."""
        for block in self._blocks:
            for item in block.items if block.kind != "heading" else ():
                for sentence in re.findall(
                    "[^\u3002\uff1b;\n\uff0c,]+[\uff0c,]?[^\u3002\uff1b;\n]*", item.text
                ):
                    for clause in _clauses(sentence, self._products):
                        products = self._said(clause)
                        if products:
                            yield clause, products

    def _announcements(self) -> Iterator[tuple[int, tuple, Told]]:
        """Paragraphs that restrict what follows them in their section."""
        for block in self._blocks:
            if block.kind == "paragraph" and block.items[0].text.endswith(_ANNOUNCES):
                products = self._said(block.items[0].text)
                if products:
                    yield block.items[0].start, block.headings[:2], products

    def _body(self, position: int) -> list[str]:
        """What stands below a heading, up to the next one."""
        texts: list[str] = []
        for below in self._blocks[position + 1 :]:
            if below.kind in ("heading", "table"):
                break
            texts += [item.text for item in below.items if not item.text.endswith(_ANNOUNCES)]
        return texts

    def _aside(self, mention: Mention, said: str, start: int) -> Told:
        """The products that stand alone in parentheses in a mention's own sentence."""
        for sentence in _SENTENCE.finditer(said):
            if start + sentence.start() <= mention.start < start + sentence.end():
                for aside in _ASIDE.finditer(sentence.group()):
                    named = self._named(aside.group(1))
                    if len(aside.group(1)) - sum(len(product.text) for product in named) <= _APART:
                        return self._said(aside.group(1)) or named
        return []

    def _heading(self, text: str, start: int) -> Told:
        """The products that a heading, or the first sentence below it, says its section is for."""
        named = self._said(text) or self._named(text)
        if named:
            return named
        below = bisect.bisect_right(self._starts, start)
        if below >= len(self._blocks) or self._blocks[below].kind in ("table", "heading"):
            return []
        said = self._blocks[below].items[0].text
        return [] if said.endswith(_ANNOUNCES) else self._said(_SENTENCE.findall(said)[0])


def _clauses(sentence: str, products: Sequence[Mention]) -> list[str]:
    """A sentence that says things of several products, clause by clause."""
    clauses = re.split("[\uff0c,]", sentence)
    naming = [clause for clause in clauses if _named_in(clause, products)]
    return clauses if len(naming) > 1 else [sentence]


def _named_in(text: str, products: Sequence[Mention]) -> Told:
    found = []
    for product in sorted(products, key=lambda one: -len(one.text)):
        if product.text in text:
            found.append(product)
            text = text.replace(product.text, " ")
    return found


def _lines(document: Document) -> Iterator[tuple[int, int]]:
    """Where the lines and rows of a document stand."""
    for block in document.blocks:
        yield from _places(block)


def _places(block: Block) -> Iterator[tuple[int, int]]:
    for row in block.rows:
        yield row[0].start, row[-1].end
    for item in block.items:
        yield item.start, item.end
