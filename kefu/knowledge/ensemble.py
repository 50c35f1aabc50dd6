"""What was learned of labelled pairs, asked together: weights of what is compared, networks that read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kefu.knowledge.attention import Attention, closeness
from kefu.knowledge.comparison import Comparison, Described
from kefu.knowledge.distinctions import Distinctions
from kefu.knowledge.labelled import Labelled, reworded, unrelated
from kefu.knowledge.sayings import sayings
from kefu.knowledge.weights import Weights

#: What a pair that was put together counts beside one that somebody labelled.
_MADE_COUNTS = 0.3
_NETWORKS = 3
#: How much the networks count beside the weights.
_READ_COUNTS = 0.6
#: From this on a pair is the same: of development pairs so taken nine in ten are (ADR 5).
_BORDER = 0.44

#: So many pairs at a time: what features and networks both look at is still at hand.
_TOGETHER = 200

Pairs = Sequence[tuple[Described, Described]]


@dataclass(frozen=True)
class Ensemble:
    """Weights of features, and networks."""

    weights: Weights
    networks: tuple[Attention, ...]

    def __call__(self, pairs: Pairs, comparison: Comparison) -> np.ndarray:
        """How likely each pair is the same, half and half at the border: ``(len(pairs),)``."""
        parts = [pairs[start : start + _TOGETHER] for start in range(0, len(pairs), _TOGETHER)]
        return np.concatenate([self._chances(part, comparison) for part in parts])

    def _chances(self, pairs: Pairs, comparison: Comparison) -> np.ndarray:
        compared = self.weights(comparison.features(pairs))
        read = np.mean([_sigmoid(odds) for odds in self._read(pairs, comparison)], axis=0)
        chance = (1 - _READ_COUNTS) * compared + _READ_COUNTS * read
        even = chance * (1 - _BORDER)
        return even / (even + (1 - chance) * _BORDER)

    def _read(self, pairs: Pairs, comparison: Comparison) -> list[np.ndarray]:
        """The log-odds of each network."""
        entries = list(dict.fromkeys(entry for pair in pairs for entry in pair))
        pieces, wholes = comparison.pieces(entries), comparison.wholes(entries)
        place = {entry: i for i, entry in enumerate(entries)}
        at = np.array([[place[entry] for entry in pair] for pair in pairs])
        close = closeness(wholes[at[:, 0]], wholes[at[:, 1]])
        found = []
        for network in self.networks:
            seen = [network.looked_at(entry) for entry in pieces]
            found.append(network([(seen[i], seen[j]) for i, j in at], close))
        return found

    @property
    def mark(self) -> str:
        """What all this was learned from."""
        return self.weights.mark

    @classmethod
    def learn(cls, written: Sequence[Labelled], book: Distinctions, mark: str) -> Ensemble:
        """Learns from labelled pairs."""
        comparison = Comparison(book)
        made = [*unrelated(written, np.random.default_rng(0)), *reworded(written, book)]
        pairs = [*written, *made]
        rows = comparison.features([(pair.a, pair.b) for pair in pairs])
        counts = np.repeat([1.0, _MADE_COUNTS], [len(written), len(made)])
        weights = Weights.learn(rows, np.array([pair.same for pair in pairs]), counts, mark)
        return cls(weights, _networks(written, comparison))

    def save(self, path: Path) -> None:
        """Writes all to an ``npz`` file."""
        arrays = {
            f"{k}/{name}": array
            for k, network in enumerate(self.networks)
            for name, array in network.arrays.items()
        }
        np.savez_compressed(path, **self.weights.parts(), **arrays)

    @classmethod
    def load(cls, path: Path) -> Ensemble:
        """Reads what ``save`` wrote."""
        networks: dict[str, dict[str, np.ndarray]] = {}
        parts = {}
        with np.load(path, allow_pickle=False) as kept:
            for name in kept.files:
                number, slash, rest = name.partition("/")
                (networks.setdefault(number, {}) if slash else parts)[rest or name] = kept[name]
        return cls(Weights.of_parts(parts), tuple(map(Attention, networks.values())))


def _networks(written: Sequence[Labelled], comparison: Comparison) -> tuple[Attention, ...]:
    from kefu.knowledge.attention_learning import learn

    said = sayings()
    labelled = [entry for pair in written for entry in (pair.a, pair.b)]
    entries = list(dict.fromkeys([*labelled, *said.entries()]))
    place = {entry: i for i, entry in enumerate(entries)}

    def placed(pairs: Sequence[Labelled]) -> tuple[np.ndarray, np.ndarray]:
        at = np.array([[place[pair.a], place[pair.b]] for pair in pairs])
        return at, np.array([pair.same for pair in pairs])

    def drawn(draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        return placed([*unrelated(written, draw), *said.pairs(draw)])

    pieces, wholes = comparison.pieces(entries), comparison.wholes(entries)
    return tuple(Attention(learn(pieces, wholes, *placed(written), drawn, seed)) for seed in range(_NETWORKS))


def _sigmoid(odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-odds))
