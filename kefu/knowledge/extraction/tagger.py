"""Finds in running text what the entries of a graph are called: a conditional random field over units."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path

import sklearn_crfsuite

from kefu.knowledge.extraction.clauses import ClauseKinds, judged_by_others
from kefu.knowledge.extraction.examples import Example
from kefu.knowledge.extraction.mentions import Mention
from kefu.language.words import tagged_words, units

#: Share of training texts in which single words are hidden, so that what stands around them is learned.
_HIDDEN = 0.35
_MODEL_NUMBER = re.compile(r"(?=[A-Za-z]*[-_/]?\d)[A-Za-z]{0,8}[-_/]?\d[A-Za-z0-9\-_/]*")
_BOUNDS = frozenset(
    "\n,;:.!?()[]|/\u3002\uff0c\uff1b\uff1a\uff01\uff1f\uff08\uff09\u3001\u201c\u201d\u3010\u3011\t"
)


class Tagger:
    """Learned from examples, kept in one file."""

    def __init__(self, model: sklearn_crfsuite.CRF, clauses: ClauseKinds) -> None:
        """Takes what was learned."""
        self._model, self._clauses = model, clauses

    @classmethod
    def train(cls, examples: Sequence[Example], path: Path, iterations: int = 70) -> Tagger:
        """Learns from ``examples`` and keeps the model in ``path`` (a few seconds for a thousand)."""
        rng = random.Random(7)
        texts, tags = [], []
        for example, judge in zip(examples, judged_by_others(examples), strict=True):
            cut = _units(example.text)
            texts.append(_features(cut, example.text, example.section, judge, rng))
            tags.append(_tags(cut, example))
        model = sklearn_crfsuite.CRF(
            c1=0.05, c2=0.02, max_iterations=iterations, min_freq=2, model_filename=str(path)
        )
        clauses = ClauseKinds.train(examples)
        clauses.save(path.with_suffix(".npz"))
        return cls(model.fit(texts, tags), clauses)

    @classmethod
    def load(cls, path: Path) -> Tagger:
        """Reads a model that was kept."""
        return cls(sklearn_crfsuite.CRF(model_filename=str(path)), ClauseKinds.load(path.with_suffix(".npz")))

    def __call__(self, text: str, section: str = "") -> list[Mention]:
        """What ``text`` names, in order, without overlaps.

        Args:
            text: Running text, a heading or a step.
            section: What the headings above are about (``Vocabulary.sections``).
        """
        cut = _units(text)
        if not cut:
            return []
        features = _features(cut, text, section, self._clauses)
        tags = self._model.tagger_.tag(features)
        mentions = []
        first = 0
        while first < len(tags):
            last = first + 1
            if tags[first] != "O":
                kind = tags[first][2:]
                while last < len(tags) and tags[last] == f"I-{kind}":
                    last += 1
                sure = [self._model.tagger_.marginal(tags[i], i) for i in range(first, last)]
                start, end = cut[first][1], cut[last - 1][1] + len(cut[last - 1][0])
                mentions.append(Mention(kind, start, end, text[start:end], min(sure), "learned"))
            first = last
        return mentions


def _units(text: str) -> list[tuple[str, int]]:
    """Units of the text, numbers of models and codes whole."""
    cut: list[tuple[str, int]] = []
    last = 0
    for match in _MODEL_NUMBER.finditer(text):
        cut += [(unit, start + last) for unit, start in units(text[last : match.start()])]
        cut.append((match.group(), match.start()))
        last = match.end()
    return cut + [(unit, start + last) for unit, start in units(text[last:])]


def _tags(cut: Sequence[tuple[str, int]], example: Example) -> list[str]:
    tags = ["O"] * len(cut)
    for label in example.labels:
        inside = [i for i, (_, start) in enumerate(cut) if label.start <= start < label.end]
        for i in inside:
            tags[i] = f"{'B' if i == inside[0] else 'I'}-{label.kind}"
    return tags


def _features(
    cut: Sequence[tuple[str, int]],
    text: str,
    section: str,
    clauses: ClauseKinds,
    hide: random.Random | None = None,
) -> list[list[str]]:
    """What is seen of each unit: itself, its word, its neighbours, where it stands."""
    words = _words(cut, text)
    hidden = [hide is not None and hide.random() < _HIDDEN for _ in cut]
    signs = ["?" if h else unit.lower() for (unit, _), h in zip(cut, hidden, strict=True)]
    kinds = [_shape(unit) for unit, _ in cut]
    meant = _meanings(cut, clauses(text))
    seen = []
    for i in range(len(cut)):
        word, part, place = words[i]
        around = _Around(i, signs, kinds, words, hidden)
        features = ["1", f"p={part}{place}", f"k={kinds[i]}", f"s={section}", f"sk={section}{kinds[i]}"]
        if not hidden[i]:
            features += [f"u={signs[i]}", f"w={word}", f"wp={word}{place}"]
        features += around.features() + meant[i]
        seen.append(features)
    return seen


def _meanings(cut: Sequence[tuple[str, int]], judged: list) -> list[list[str]]:
    """For each unit what its clause is by its meaning, and the clauses beside it."""
    likely = [max(kinds, key=kinds.get) for _, _, kinds in judged]
    features, at = [], 0
    for _, position in cut:
        while at < len(judged) - 1 and judged[at][1] <= position:
            at += 1
        if not judged or not judged[at][0] <= position < judged[at][1]:
            features.append(["m=bound"])
            continue
        seen = [f"m{kind}{int(4 * share)}" for kind, share in judged[at][2].items() if share >= 0.15]
        before = likely[at - 1] if at else "start"
        after = likely[at + 1] if at + 1 < len(judged) else "end"
        features.append([*seen, f"m-1={before}", f"m+1={after}", f"m={before},{likely[at]},{after}"])
    return features


class _Around:
    """What stands around a unit."""

    def __init__(self, i: int, signs: list[str], kinds: list[str], words: list, hidden: list[bool]) -> None:
        self._i, self._signs, self._kinds, self._words, self._hidden = i, signs, kinds, words, hidden

    def features(self) -> list[str]:
        features = []
        for step in (-3, -2, -1, 1, 2, 3):
            j = self._i + step
            if not 0 <= j < len(self._signs):
                features.append(f"{step}:end")
                continue
            features += [f"{step}k={self._kinds[j]}", f"{step}u={self._signs[j]}"]
            if abs(step) < 3:
                features.append(f"{step}p={self._words[j][1]}{self._words[j][2]}")
        if self._i:
            features.append(f"-1b={self._signs[self._i - 1]}{self._signs[self._i]}")
        if self._i + 1 < len(self._signs):
            features.append(f"+1b={self._signs[self._i]}{self._signs[self._i + 1]}")
        if self._i > 1:
            features.append(f"-2b={self._signs[self._i - 2]}{self._signs[self._i - 1]}")
        if self._i + 2 < len(self._signs):
            features.append(f"+2b={self._signs[self._i + 1]}{self._signs[self._i + 2]}")
        return features + self._clause()

    def _clause(self) -> list[str]:
        """How the clause begins and what stands before it: there are the words that tell what follows."""
        first = self._i
        while first and self._kinds[first - 1] != "bound":
            first -= 1
        before = "".join(self._signs[max(0, first - 3) : first])
        start = "".join(self._signs[first : first + 2])
        last = self._i
        while last + 1 < len(self._kinds) and self._kinds[last + 1] != "bound":
            last += 1
        end = "".join(self._signs[max(self._i + 1, last - 1) : last + 1])
        far = min(self._i - first, 4)
        return [f"cb={before}", f"cs={start}", f"cs{far}={start}", f"ce={end}", f"far={far}"]


def _words(cut: Sequence[tuple[str, int]], text: str) -> list[tuple[str, str, str]]:
    """For each unit its word, the word's part of speech and the unit's place in it (B, M, E or S)."""
    spans, start = [], 0
    for word, part in tagged_words(text.replace("\n", " ")):
        spans.append((start, start + len(word), word, part))
        start += len(word)
    found, at = [], 0
    for unit, position in cut:
        while at < len(spans) - 1 and spans[at][1] <= position:
            at += 1
        first, last, word, part = spans[at]
        begins, ends = position <= first, position + len(unit) >= last
        found.append(
            (word.lower(), part, "S" if begins and ends else "B" if begins else "E" if ends else "M")
        )
    return found


def _shape(unit: str) -> str:
    if unit in _BOUNDS:
        return "bound"
    if _MODEL_NUMBER.fullmatch(unit):
        if unit.replace(".", "").isdigit():
            return f"digits{min(len(unit), 4)}"
        letters = sum(character.isalpha() for character in unit)
        return f"code{min(letters, 3)}{min(len(unit), 6)}{'-' if '-' in unit else ''}"
    if unit.isascii():
        return "latin" if unit.isalpha() else "digits" if unit[0].isdigit() else "sign"
    return "han"
