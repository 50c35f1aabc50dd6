"""Tells which of the things that a text names hang together: logistic regression over pairs."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from kefu.knowledge.extraction.examples import Example, relation_between
from kefu.knowledge.extraction.mentions import Link, Mention

_SENTENCE = re.compile("[\u3002\uff01\uff1f!?\n]")
#: Words between two mentions are only looked at when there are few.
_NEAR = 10


class Linker:
    """Learned from examples; its weights are a small table."""

    def __init__(self, weights: dict[str, float]) -> None:
        self._weights = weights

    @classmethod
    def train(cls, examples: Sequence[Example], path: Path) -> Linker:
        """Learns from ``examples`` and keeps the weights in ``path``."""
        rows, held = [], []
        for example in examples:
            mentions = [
                Mention(label.kind, label.start, label.end, example.text[label.start : label.end], 1.0, "")
                for label in example.labels
            ]
            true = {(mentions[i], mentions[j]) for i, j in example.links}
            for source, target, features in _pairs(example.text, mentions):
                rows.append(features)
                held.append((source, target) in true)
        vectors = DictVectorizer()
        model = LogisticRegression(C=1.0, max_iter=300).fit(vectors.fit_transform(rows), held)
        weights = dict(zip(vectors.feature_names_, model.coef_[0].tolist(), strict=True))
        weights[""] = float(model.intercept_[0])
        path.write_text(json.dumps(weights, ensure_ascii=False), encoding="utf-8")
        return cls(weights)

    @classmethod
    def load(cls, path: Path) -> Linker:
        """Reads weights that were kept."""
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def __call__(self, text: str, mentions: Sequence[Mention]) -> list[Link]:
        """Every relation that can hold between ``mentions`` of one text, with how likely it does."""
        found = []
        for source, target, features in _pairs(text, mentions):
            score = self._weights[""] + sum(
                value * self._weights.get(name, 0.0) for name, value in features.items()
            )
            relation = relation_between(source.kind, target.kind)
            found.append(Link(relation, source, target, 1 / (1 + math.exp(-score))))
        return found


def _pairs(text: str, mentions: Sequence[Mention]) -> Iterator[tuple[Mention, Mention, dict[str, float]]]:
    for source in mentions:
        for target in mentions:
            if source is not target and relation_between(source.kind, target.kind):
                yield source, target, _features(text, mentions, source, target)


def _features(text: str, mentions: Sequence[Mention], source: Mention, target: Mention) -> dict[str, float]:
    """How two mentions stand to each other and to those around."""
    first, second = sorted((source, target), key=lambda mention: mention.start)
    between = text[first.end : second.start]
    inside = [m for m in mentions if first.end <= m.start and m.end <= second.start]
    sources = [m for m in mentions if m.kind == source.kind and m is not source]
    targets = [m for m in mentions if m.kind == target.kind and m is not target]
    pair = f"{source.kind}>{target.kind}"
    seen = {
        "after": float(target.start > source.start),
        "sentences": min(len(_SENTENCE.findall(between)), 4) / 4,
        "far": math.log1p(len(between)) / 5,
        "sources between": min(sum(m.kind == source.kind for m in inside), 2) / 2,
        "targets between": min(sum(m.kind == target.kind for m in inside), 2) / 2,
        "only source": float(not sources),
        "only target": float(not targets),
        "nearest target": float(all(_gap(source, m) >= _gap(source, target) for m in targets)),
        "nearest source": float(all(_gap(target, m) >= _gap(target, source) for m in sources)),
        "next": float(not inside),
    }
    if pair == "fault>solution":
        seen["cause told"] = float(any(m.kind == "cause" and m.start < target.start for m in mentions))
        seen["cause next"] = float(any(m.kind == "cause" for m in inside))
    features = {"pair=" + pair: 1.0}
    for name, value in seen.items():
        features[name] = value
        features[f"{pair} {name}"] = value
    if 0 < len(between) <= _NEAR and not inside:
        features[f"{pair} words={between}"] = 1.0
    return features


def _gap(one: Mention, other: Mention) -> int:
    return max(other.start - one.end, one.start - other.end)
