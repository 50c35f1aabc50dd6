"""What a manual is about: products and lines in its title, or listed as those that it is for."""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from kefu.knowledge.extraction.documents import Document, Span
from kefu.knowledge.extraction.examples import relation_between
from kefu.knowledge.extraction.mentions import Link, Mention
from kefu.knowledge.extraction.training import Model
from kefu.knowledge.extraction.vocabulary import Vocabulary

_PATTERN, _SUBJECT, _LEAST = 0.85, 0.8, 0.4
#: A model among other words: what stands before its letters and digits, and these.
_MODEL = re.compile(r"[^\x00-\x7f]*[A-Za-z0-9][A-Za-z0-9\-+./ ]*")
#: Kinds that belong to the product that a manual is about, when nothing nearer is named.
_OF_SUBJECT = ("fault", "function", "spec", "policy")
#: Titles and lists of models stand within the first blocks.
_HEAD = 6


class Subjects:
    """Of one manual.

    Attributes:
        named: Where products and lines are named at its head, each once.
        links: How these hang together.
    """

    def __init__(
        self,
        document: Document,
        vocabulary: Vocabulary,
        model: Model,
        with_names: Callable[[str, Iterable[Mention]], list[Mention]],
    ) -> None:
        """Reads the head of ``document``; ``with_names`` adds the names that the graph knows."""
        self._document, self._vocabulary = document, vocabulary
        self._lines = _lines(document)
        blocks = document.blocks[:_HEAD]
        title = next((block.items[0] for block in blocks if block.kind == "heading"), None)
        if title is None and blocks and blocks[0].kind == "paragraph":
            title = blocks[0].items[0]
        found: list[Mention] = []
        if title is not None:
            found = self._of_title(title, with_names(title.text, model.mentions(title.text, "title")))
        for block in blocks:
            for item in block.items:
                match = re.search(vocabulary.models, item.text)
                if match and block.kind != "heading":
                    found += self._models(item, match.end())
        found = _without_makers([mention for mention in found if mention.confidence >= _LEAST])
        self.named = list({(m.kind, m.text): m for m in found}.values())
        self.links: list[Link] = []
        if title is not None:
            self.links += model.linker(title.text, [m for m in found if m.end <= title.end])

    def _of_title(self, title: Span, mentions: Iterable[Mention]) -> list[Mention]:
        found = [m.moved(title.start) for m in mentions if m.kind in ("product", "product_line")]
        listed = [m for m in found if re.search(self._vocabulary.between_models, m.text)]
        found = [m for m in found if m not in listed or m.kind != "product"]
        for m in listed:  # several models in one name
            found += self._models(Span(m.start, m.end, m.text), 0)
        return found

    def _models(self, item: Span, start: int) -> Iterator[Mention]:
        """The models listed behind "suitable for"."""
        listed = re.split(r"[\u3002\uff1b;\n]", item.text[start:])[0]
        last = 0
        for match in [*re.finditer(self._vocabulary.between_models, listed), None]:
            piece = listed[last : match.start() if match else None]
            model = _MODEL.match(piece.strip())
            said = model.group().strip() if model else ""
            edition = re.fullmatch(self._vocabulary.edition, piece.strip())
            said = edition.group() if edition else said
            coded = any(map(str.isdigit, said)) and any(map(str.isalpha, said))
            if (coded or edition) and len(said) <= 24:
                at = item.start + start + last + piece.index(said)
                yield Mention("product", at, at + len(said), said, _PATTERN, "pattern")
            last = match.end() if match else last

    def belonging(self, mentions: Sequence[Mention], links: Iterable[Link]) -> Iterator[Link]:
        """Faults, functions, specs and policies are the subject's, unless they are said of others.

        Args:
            mentions: What the manual names.
            links: What is known of how it hangs together.
        """
        products = [m for m in self.named if m.kind == "product"]
        lines = [m for m in self.named if m.kind == "product_line"]
        placed = {
            (name.kind, name.text, name.value)
            for link in links
            if link.confidence >= 0.5 and "product" in (link.source.kind, link.target.kind)
            for name in (link.source, link.target)
        }
        for mention in mentions:
            if mention.kind not in _OF_SUBJECT or (mention.kind, mention.text, mention.value) in placed:
                continue
            for subject in self._restricted(mention, products) or products or lines:
                for source, target in ((mention, subject), (subject, mention)):
                    relation = relation_between(source.kind, target.kind)
                    if relation:
                        yield Link(relation, source, target, _SUBJECT)
        for product in products:
            for line in lines[:1]:
                yield Link("in_line", product, line, _SUBJECT)

    def _restricted(self, mention: Mention, products: Sequence[Mention]) -> list[Mention]:
        """The products that the same line or row says something is only for."""
        start, end = self._lines[bisect.bisect_right(self._lines, (mention.start, math.inf)) - 1]
        only = re.search(self._vocabulary.only, self._document.text[start:end])
        return [product for product in products if only and product.text in only.group()]


def _lines(document: Document) -> list[tuple[int, int]]:
    """Where the lines and rows of a document stand."""
    found = []
    for block in document.blocks:
        found += [(row[0].start, row[-1].end) for row in block.rows]
        found += [(item.start, item.end) for item in block.items]
    return found


def _without_makers(found: list[Mention]) -> list[Mention]:
    """Leaves out a product that is another one with its maker's name, or several of them at once."""
    models = [m.text for m in found if m.kind == "product"]
    return [m for m in found if m.kind != "product" or not any(o != m.text and o in m.text for o in models)]
