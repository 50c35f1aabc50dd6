"""Finds names from the graph in a message, by a spaCy matcher over characters.

Kept apart from the rest of the topic: importing spaCy is slow, and only understanding needs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc
from spacy.util import filter_spans
from spacy.vocab import Vocab

from kefu.knowledge.graph import Graph
from kefu.language.normalize import Normalized, fold, normalize
from kefu.language.words import units

#: Entity name for each kind of node whose names are looked for.
ENTITY_OF_KIND = {
    "product": "product",
    "product_line": "product_line",
    "function": "function",
    "symptom": "symptom",
    "error_code": "error_code",
    "policy": "policy_topic",
}


@dataclass(frozen=True)
class Match:
    """A name found: entity, span in the original text, canonical value, and its units.

    Attributes:
        start, end: Characters of the original text.
        first, last: Positions of the first unit and of the one behind the last.
    """

    entity: str
    value: str
    start: int
    end: int
    first: int
    last: int


class NameMatcher:
    """Matches every name of one edition of the graph; the longest match wins."""

    def __init__(self, graph: Graph) -> None:
        """Prepares the patterns; a name of a single Han character only counts for products and lines."""
        self._vocab = Vocab()
        self._matcher = PhraseMatcher(self._vocab)
        self._values: dict[str, tuple[str, str]] = {}
        self._said: dict[tuple[str, str], str] = {}
        for kind, entity in ENTITY_OF_KIND.items():
            for fact in graph.of_kind(kind):
                names = {normalize(name).text for name in fact.names}
                if kind == "policy":  # "七天无理由退货" is a topic, a policy's English title is not
                    names.discard(normalize(fact.english or "").text)
                patterns = [self._doc(name) for name in sorted(names) if self._counts(name, entity)]
                if patterns:
                    key = f"{entity}:{fact.name}"
                    self._values[key] = (entity, fact.name)
                    self._matcher.add(key, patterns)
                for name in names:
                    self._said.setdefault((entity, fold(name)), fact.name)

    @property
    def names(self) -> Iterable[tuple[str, str]]:
        """Every name that is looked for, as entity and folded name."""
        return self._said

    def value_of(self, entity: str, said: str) -> str | None:
        """The canonical name behind what was said for an entity, if the graph knows it."""
        return self._said.get((entity, fold(said)))

    def __call__(self, text: str) -> list[Match]:
        """Finds names in ``text``, in order, without overlaps."""
        normal = normalize(text)
        doc = self._doc(normal.text)
        spans = filter_spans(self._matcher(doc, as_spans=True))
        return [self._match(span, normal) for span in spans]

    def _match(self, span, normal: Normalized) -> Match:
        entity, value = self._values[span.label_]
        start, end = normal.original_span(span.start_char, span.end_char)
        return Match(entity, value, start, end, span.start, span.end)

    def _doc(self, text: str) -> Doc:
        cut = units(text)
        spaces = [text[start + len(unit) : start + len(unit) + 1] == " " for unit, start in cut]
        return Doc(self._vocab, words=[unit for unit, _ in cut], spaces=spaces)

    @staticmethod
    def _counts(name: str, entity: str) -> bool:
        return len(name) > 1 or (entity == "product_line" and len(name) == 1)
