"""How alike two entries are: likely the same, or told apart by a product, a value, an opposite.

``python -m kefu.knowledge.likeness`` learns anew from ``data/extraction/pairs`` and writes what ships.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from kefu.config import settings
from kefu.knowledge import alignment, attention, comparison
from kefu.knowledge import distinctions as wordings
from kefu.knowledge.alignment import values
from kefu.knowledge.comparison import Comparison, Described
from kefu.knowledge.distinctions import Distinctions, Wording, distinctions
from kefu.knowledge.ensemble import Ensemble
from kefu.knowledge.extraction.vocabulary import FOLDER, vocabulary
from kefu.knowledge.labelled import labelled
from kefu.language.normalize import fold, normalize

logger = logging.getLogger(__name__)

SHIPPED = FOLDER / "likeness.npz"


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
    book = distinctions()
    found = np.array([_certain(a, b, book) for a, b in pairs], dtype=float)
    open_ = np.flatnonzero(np.isnan(found))
    if len(open_):
        # Lines are compared above; what is said of many lines is weighed once.
        asked = [(replace(a, line=None), replace(b, line=None)) for a, b in (pairs[i] for i in open_)]
        different = list(dict.fromkeys(asked))
        learned = _learned(fingerprint(), settings().var_dir / "likeness")
        chances = dict(zip(different, learned(different, Comparison(book, vectors)), strict=True))
        found[open_] = [chances[pair] for pair in asked]
    return found


def _certain(a: Described, b: Described, book: Distinctions) -> float | None:
    """What needs no weighing: other products, other models, other values, the same name."""
    if a.kind != b.kind or told_apart(a, b):
        return 0.0
    if a.kind == "spec" and _values_differ(a.text, b.text, book):
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


def _values_differ(one: str, other: str, book: Distinctions) -> bool:
    """Whether two specs have one kind of value each, and not the same."""
    a, b = (Wording(said, book).measures for said in (one, other))
    equal, unequal, alone = values(a, b)
    return len(a) == len(b) == 1 and (equal, unequal, alone) == (0, 1, 0)


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


def fingerprint() -> str:
    """A hash of what the weights are learned from, and of the code that looks at it."""
    digest = hashlib.sha256()
    words = FOLDER / "distinctions.yml", FOLDER / "sayings.yml"
    for path in (*words, *sorted((FOLDER / "pairs").glob("*.jsonl"))):
        digest.update(path.name.encode() + path.read_bytes())
    for module in (alignment, attention, comparison, wordings):
        digest.update(Path(module.__file__).read_bytes())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=2)
def _learned(mark: str, var: Path) -> Ensemble:
    """What ships if it is of the pairs as they are; else what is in ``var``, learned if need be."""
    for path in (SHIPPED, var / f"{mark}.npz"):
        if path.exists() and (found := Ensemble.load(path)).mark == mark:
            return found
    logger.info("knowledge.likeness.learn")
    return learn(mark, var / f"{mark}.npz")


def learn(mark: str, path: Path) -> Ensemble:
    """Learns from the labelled pairs (some minutes of one core) and keeps what was learned at ``path``.

    Raises:
        RuleError, ValueError: The words or the pairs have a mistake.
    """
    book = distinctions()
    written = [pair for pair in labelled(FOLDER / "pairs") if _certain(pair.a, pair.b, book) is None]
    found = Ensemble.learn(written, book, mark)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.stem}.{os.getpid()}.tmp.npz")
    found.save(draft)
    draft.replace(path)
    return found


if __name__ == "__main__":
    learn(fingerprint(), SHIPPED)
