"""Finds again what is known: names of the graph, and what the same document named elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc
from spacy.util import filter_spans
from spacy.vocab import Vocab

from kefu.knowledge.extraction.mentions import Mention
from kefu.knowledge.graph import Graph
from kefu.knowledge.matcher import ENTITY_OF_KIND, NameMatcher
from kefu.language.normalize import normalize
from kefu.language.words import units

_KIND_OF_ENTITY = {entity: kind for kind, entity in ENTITY_OF_KIND.items()}
_KNOWN = 0.9
#: Names of a company's topics and short names of functions are everyday words in other texts.
_TELLING = {"product": 1, "product_line": 2, "error_code": 2, "function": 4, "symptom": 4}


class GraphNames:
    """Names of one edition of the graph."""

    def __init__(self, graph: Graph) -> None:
        self._matcher = NameMatcher(graph)

    def __call__(self, text: str) -> list[Mention]:
        """Where ``text`` says a known name, however it is spelled."""
        return [
            Mention(
                _KIND_OF_ENTITY[match.entity], match.start, match.end, text[match.start : match.end], _KNOWN,
                "name",
            )
            for match in self._matcher(text)
            if match.end - match.start >= _TELLING.get(_KIND_OF_ENTITY[match.entity], 100)
        ]  # fmt: skip


class OwnNames:
    """What a document named once with some certainty."""

    def __init__(self, mentions: Iterable[Mention]) -> None:
        self._vocab = Vocab()
        self._matcher = PhraseMatcher(self._vocab)
        for mention in mentions:
            words = self._doc(normalize(mention.text).text)
            if len(mention.text) > 1 and len(words):
                self._matcher.add(mention.kind, [words])

    def __call__(self, text: str) -> list[Mention]:
        """Where ``text`` says one of these names again."""
        normal = normalize(text)
        found = []
        for span in filter_spans(self._matcher(self._doc(normal.text), as_spans=True)):
            start, end = normal.original_span(span.start_char, span.end_char)
            found.append(Mention(span.label_, start, end, text[start:end], _KNOWN, "name"))
        return found

    def _doc(self, text: str) -> Doc:
        cut = units(text)
        spaces = [text[start + len(unit) : start + len(unit) + 1] == " " for unit, start in cut]
        return Doc(self._vocab, words=[unit for unit, _ in cut], spaces=spaces)
