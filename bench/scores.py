"""How well a message was understood: pure counting, no Rasa."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

FALLBACK = "nlu_fallback"
OUT_OF_SCOPE = "out_of_scope"
_NOT_HELPED = (FALLBACK, OUT_OF_SCOPE)


@dataclass(frozen=True, order=True)
class Span:
    """An entity: its type and where it stands."""

    entity: str
    start: int
    end: int

    def overlaps(self, other: Span) -> bool:
        """Whether both are of one type and share a character."""
        return self.entity == other.entity and self.start < other.end and other.start < self.end


@dataclass(frozen=True)
class Parsed:
    """One test message, as annotated and as understood.

    Attributes:
        intent: As annotated.
        predicted: What the customer's message was taken for, ``nlu_fallback`` included.
        best: The intent that came first before the fallback was applied.
        confidence: Of ``best``.
        seconds: Time to parse.
    """

    text: str
    intent: str
    predicted: str
    best: str = ""
    confidence: float = 0.0
    entities: frozenset[Span] = frozenset()
    found: frozenset[Span] = frozenset()
    seconds: float = 0.0


@dataclass
class Counts:
    """Right, superfluous and missed finds of one type."""

    right: int = 0
    extra: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Share of finds that are right."""
        return _share(self.right, self.right + self.extra)

    @property
    def recall(self) -> float:
        """Share of what is there that was found."""
        return _share(self.right, self.right + self.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return _share(2 * self.right, 2 * self.right + self.extra + self.missed)

    def __iadd__(self, other: Counts) -> Counts:
        self.right += other.right
        self.extra += other.extra
        self.missed += other.missed
        return self


@dataclass
class EntityScores:
    """Counts over all messages: exact (type and span) and relaxed (type and any overlap)."""

    exact: dict[str, Counts] = field(default_factory=dict)
    relaxed: Counts = field(default_factory=Counts)

    @property
    def total(self) -> Counts:
        """Exact counts over all types (micro)."""
        total = Counts()
        for counts in self.exact.values():
            total += counts
        return total


@dataclass(frozen=True)
class Scores:
    """What one configuration reached on one test file; shares between 0 and 1, ``p50_ms`` in ms."""

    accuracy: float
    accuracy_before_fallback: float
    macro_f1: float
    kind_accuracy: float
    out_of_scope_recall: float
    false_fallback: float
    entities: EntityScores
    p50_ms: float


def score(parsed: Sequence[Parsed], kind_of: Callable[[str], str]) -> Scores:
    """Scores parsed test messages.

    Args:
        parsed: At least one.
        kind_of: The kind (consult, complaint, suggestion, other) of an intent.
    """
    outside = [p for p in parsed if p.intent == OUT_OF_SCOPE]
    inside = [p for p in parsed if p.intent != OUT_OF_SCOPE]
    return Scores(
        accuracy=_mean(p.predicted == p.intent for p in parsed),
        accuracy_before_fallback=_mean((p.best or p.predicted) == p.intent for p in parsed),
        macro_f1=macro_f1(parsed),
        kind_accuracy=_mean(kind_of(p.predicted) == kind_of(p.intent) for p in parsed),
        out_of_scope_recall=_mean(p.predicted in _NOT_HELPED for p in outside),
        false_fallback=_mean(p.predicted in _NOT_HELPED for p in inside),
        entities=entity_scores(parsed),
        p50_ms=1000 * median(p.seconds for p in parsed),
    )


def macro_f1(parsed: Sequence[Parsed]) -> float:
    """Mean F1 over the intents that are annotated."""
    counts: dict[str, Counts] = {p.intent: Counts() for p in parsed}
    for p in parsed:
        if p.predicted == p.intent:
            counts[p.intent].right += 1
            continue
        counts[p.intent].missed += 1
        if p.predicted in counts:
            counts[p.predicted].extra += 1
    return _mean(c.f1 for c in counts.values())


def entity_scores(parsed: Iterable[Parsed]) -> EntityScores:
    """Compares the entities found with those annotated."""
    scores = EntityScores()
    for p in parsed:
        for span in p.entities | p.found:
            counts = scores.exact.setdefault(span.entity, Counts())
            counts.right += span in p.entities and span in p.found
            counts.missed += span not in p.found
            counts.extra += span not in p.entities
        matched = len(list(_pairs(p.entities, p.found)))
        scores.relaxed += Counts(matched, len(p.found) - matched, len(p.entities) - matched)
    return scores


def _pairs(annotated: Iterable[Span], found: Iterable[Span]) -> Iterator[tuple[Span, Span]]:
    """Matches each annotated span with at most one found span that overlaps it."""
    left = sorted(found)
    for span in sorted(annotated):
        match = next((other for other in left if other.overlaps(span)), None)
        if match:
            left.remove(match)
            yield span, match


def confused(parsed: Iterable[Parsed], limit: int = 20) -> list[tuple[str, str, int]]:
    """The pairs (annotated, predicted) that were mixed up most often."""
    pairs = Counter((p.intent, p.predicted) for p in parsed if p.intent != p.predicted)
    return [(*pair, count) for pair, count in pairs.most_common(limit)]


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values) if values else 0.0


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
