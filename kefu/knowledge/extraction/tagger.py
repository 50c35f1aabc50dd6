"""Finds what a text names: networks that have each learned from other trades, asked together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from kefu.knowledge.extraction.examples import KIND_OF_SLOT, TOLD, Example, family
from kefu.knowledge.extraction.mentions import Mention
from kefu.knowledge.extraction.network import Network, likeliest, tags_of
from kefu.knowledge.extraction.sight import Sight, see
from kefu.knowledge.extraction.text_reader import TextReader

#: The kinds of either family; a text is tagged for both, and what they find may overlap.
KINDS = (tuple(kind for kind in KIND_OF_SLOT.values() if kind not in TOLD), TOLD)


class Tagger:
    """Networks that are asked together: the mean of their scores counts, and the text reader's."""

    def __init__(self, networks: Sequence[Network], reader: TextReader | None = None) -> None:
        """Takes what was learned."""
        self._networks, self._reader = list(networks), reader

    @classmethod
    def train(cls, seen: Sequence[Sight], examples: Sequence[Example], path: Path, rounds: int) -> Tagger:
        """Learns one network from ``examples``, seen as ``seen``, and keeps it in ``path``."""
        from kefu.knowledge.extraction.learning import learn

        filled = [pair for pair in zip(seen, examples, strict=True) if pair[0].spans]
        arrays = learn(
            [sight for sight, _ in filled],
            [(tags(sight.spans, example, 0), tags(sight.spans, example, 1)) for sight, example in filled],
            KINDS,
            [1.0 if example.written else 0.3 for _, example in filled],
            rounds,
        )
        with path.open("wb") as file:
            np.savez(file, **arrays)
        return cls([Network(arrays)])

    @classmethod
    def load(cls, paths: Sequence[Path], reader: TextReader | None) -> Tagger:
        """Reads what was kept."""
        networks = []
        for path in paths:
            with np.load(path) as file:
                networks.append(Network(dict(file)))
        return cls(networks, reader)

    def __call__(self, text: str, section: str = "") -> list[Mention]:
        """What ``text`` names, in order; those of one family do not overlap.

        Args:
            text: Running text, a heading or a step.
            section: What the headings above are about (``Vocabulary.sections``).
        """
        return self.of_sight(see(text, section), text)

    def of_sight(self, sight: Sight, text: str) -> list[Mention]:
        """What a text names that was looked at before."""
        if not sight.spans:
            return []
        told = [network.scores(sight) for network in self._networks]
        moving = [[head.moves for head in network.heads] for network in self._networks]
        if self._reader:
            told.append(self._reader.scores(sight, text))
            moving.append(self._reader.moves)
        found: list[Mention] = []
        for h, kinds in enumerate(KINDS):
            moves = np.mean([moves[h] for moves in moving], axis=0)
            path, shares = likeliest(np.mean([scores[h] for scores in told], axis=0), moves)
            found += _mentions(path, shares, tags_of(kinds), sight, text)
        return sorted(found, key=lambda mention: (mention.start, -mention.end))


def tags(spans: Sequence[tuple[int, int]], example: Example, which: int) -> np.ndarray:
    """The number of each unit's tag in one family."""
    numbers = {tag: i for i, tag in enumerate(tags_of(KINDS[which]))}
    found = np.zeros(len(spans), dtype=np.int32)
    for label in example.labels:
        if family(label.kind) == which:
            inside = [i for i, (start, _) in enumerate(spans) if label.start <= start < label.end]
            for i in inside:
                found[i] = numbers[f"{'B' if i == inside[0] else 'I'}-{label.kind}"]
    return found


def _mentions(
    path: Sequence[int], shares: np.ndarray, names: Sequence[str], sight: Sight, text: str
) -> Iterator[Mention]:
    first = 0
    while first < len(path):
        last = first + 1
        kind = names[path[first]][2:]
        if kind:
            inside = names.index(f"I-{kind}")
            while last < len(path) and path[last] == inside:
                last += 1
            sure = min(float(shares[i, path[i]]) for i in range(first, last))
            start, end = sight.spans[first][0], sight.spans[last - 1][1]
            yield Mention(kind, start, end, text[start:end], sure, "learned")
        first = last
