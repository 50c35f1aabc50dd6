"""How alike two entries are: likely the same, or told apart by a product, a value, an opposite."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier

from kefu.knowledge.comparison import Described, Pairs, features_of, values
from kefu.knowledge.extraction.measures import measures
from kefu.knowledge.extraction.vocabulary import FOLDER, vocabulary
from kefu.language.normalize import fold, normalize
from kefu.rulebook import current

#: Trees that are asked whether two entries are the same.
_TREES = 200
_BAR = re.compile(r"\s*\|\s*")
_PRODUCTS = re.compile(r"\s*\[([^\]]+)\]\s*$")


def same(a: Described, b: Described) -> float:
    """How likely two entries say the same, 0 to 1."""
    return float(probabilities([(a, b)])[0])


def probabilities(
    pairs: Sequence[tuple[Described, Described]], vectors: dict[str, np.ndarray] | None = None
) -> np.ndarray:
    """``same`` for many pairs at once: ``(len(pairs),)``.

    Args:
        pairs: What to compare.
        vectors: Sentence vectors that are known already.
    """
    if not pairs:
        return np.zeros(0)
    book, model = _trained(FOLDER, (FOLDER / "pairs.yml").stat().st_mtime_ns)
    found = model.predict_proba(features_of(pairs, book, vectors))[:, 1]
    certain = np.array([_certain(a, b) for a, b in pairs], dtype=float)
    return np.where(np.isnan(certain), found, certain)


def _certain(a: Described, b: Described) -> float | None:
    """What needs no weighing: other products, other models, other values, the same name."""
    if a.kind != b.kind or told_apart(a, b):
        return 0.0
    if a.kind == "spec" and values(measures(a.text), measures(b.text)) == (0.0, 1.0):
        return 0.02
    if a.kind == "product":
        models = (
            {_model(name) for name in (a.name, *a.aliases)},
            {_model(name) for name in (b.name, *b.aliases)},
        )
        if all(map(any, models)):
            alike = models[0] & models[1] - {""} and _edition(a.name) == _edition(b.name)
            return 0.97 if alike else 0.02
    if a.kind in ("product_line", "error_code") and fold(a.name) == fold(b.name):
        return 0.97
    return None


def _edition(name: str) -> str:
    """Which of several editions of a model a name means; empty if it does not say."""
    found = re.search(vocabulary().edition_name, normalize(name).text)
    return found.group(1) if found else ""


def _model(name: str) -> str:
    """Letters and digits of a model, and the words that make it another one."""
    said = normalize(name).text
    return "".join(re.findall(r"[a-z0-9+]+", said)) if re.search(r"\d", said) else ""


def told_apart(a: Described, b: Described) -> bool:
    """What no likeness can make the same: entries about other products, specs of other values."""
    if a.products and b.products and not set(map(fold, a.products)) & set(map(fold, b.products)):
        return True
    return bool(a.line and b.line and fold(a.line) != fold(b.line) and not set(a.products) & set(b.products))


@lru_cache(maxsize=2)
def _trained(folder: Path, _changed: int) -> tuple[Pairs, ExtraTreesClassifier]:
    book = current(Pairs, folder / "pairs.yml")
    pairs, labels = [], []
    for label, kind, one, other in _labelled(book):
        pairs.append((_written(kind, one), _written(kind, other)))
        labels.append(label)
    model = ExtraTreesClassifier(_TREES, min_samples_leaf=3, class_weight="balanced", random_state=0)
    return book, model.fit(features_of(pairs, book), labels)


def _labelled(book: Pairs) -> Iterator[tuple[bool, str, str, str]]:
    """The written pairs, and as many of entries that have nothing to do with each other."""
    for label, kinds in ((True, book.same), (False, book.other)):
        for kind, rows in kinds.items():
            for i, (one, other) in enumerate(rows):
                yield label, kind, one, other
                if label:
                    yield False, kind, one, rows[(i + 3) % len(rows)][1]


def _written(kind: str, text: str) -> Described:
    products = _PRODUCTS.search(text)
    name, *said = _BAR.split(_PRODUCTS.sub("", text))
    return Described(kind, name, products=(products.group(1),) if products else (), text=" ".join(said))
