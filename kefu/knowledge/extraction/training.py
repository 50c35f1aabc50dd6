"""The trained parts: learned from the examples, kept in ``var``, learned anew when these change."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from kefu.config import settings
from kefu.knowledge.extraction.examples import Example, Examples, filled, read_examples
from kefu.knowledge.extraction.linker import Linker
from kefu.knowledge.extraction.mentions import Mention
from kefu.knowledge.extraction.tagger import Tagger
from kefu.knowledge.extraction.vocabulary import FOLDER

logger = logging.getLogger(__name__)

#: How often each sentence of the examples is filled.
_TIMES = 20
#: Every third trade is kept from a first model, which shows how far its confidence can be believed.
_FOLDS = 3
_CODE = ("clauses.py", "examples.py", "linker.py", "tagger.py", "training.py")


@dataclass(frozen=True)
class Model:
    """What was learned.

    Attributes:
        tagger: Finds what a text names.
        linker: Tells what hangs together.
        slope, offset: Turn the tagger's confidence into how often it is right in a trade it has never seen.
    """

    tagger: Tagger
    linker: Linker
    slope: float
    offset: float

    def mentions(self, text: str, section: str = "") -> list[Mention]:
        """What ``text`` names, with calibrated confidence."""
        return [
            replace(m, confidence=calibrated(m.confidence, self.slope, self.offset))
            for m in self.tagger(text, section)
        ]


def calibrated(confidence: float, slope: float, offset: float) -> float:
    """Platt's scaling of a probability (Platt 1999), on its logit."""
    return 1 / (1 + math.exp(-slope * _logit(confidence) - offset))


def _logit(confidence: float) -> float:
    inside = min(max(confidence, 1e-4), 1 - 1e-4)
    return math.log(inside / (1 - inside))


def model(folder: Path = FOLDER) -> Model:
    """The model of the examples in ``folder`` as they are now, trained if there is none yet."""
    return _model(folder, fingerprint(folder), settings().var_dir / "extraction")


def fingerprint(folder: Path) -> str:
    """A hash of what the model is made of."""
    digest = hashlib.sha256((folder / "examples.yml").read_bytes())
    for name in _CODE:
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=2)
def _model(folder: Path, mark: str, var: Path) -> Model:
    kept = var / mark
    if not (kept / "calibration.json").exists():
        logger.info("knowledge.extraction.train")
        train(read_examples(folder), kept)
    return _read(kept)


def _read(kept: Path) -> Model:
    scale = json.loads((kept / "calibration.json").read_text(encoding="utf-8"))
    return Model(
        Tagger.load(kept / "tagger.crf"), Linker.load(kept / "linker.json"), scale["slope"], scale["offset"]
    )


def train(examples: Examples, kept: Path, times: int = _TIMES) -> None:
    """Learns from ``examples`` (half a minute on one core) and puts everything in place at once."""
    draft = kept.with_name(f"{kept.name}.{os.getpid()}.tmp")
    draft.mkdir(parents=True, exist_ok=True)
    texts = filled(examples, times)
    slope, offset = _calibration(texts, draft / "part.crf")
    (draft / "part.crf").unlink()
    (draft / "part.npz").unlink()
    Tagger.train(texts, draft / "tagger.crf")
    Linker.train(texts, draft / "linker.json")
    (draft / "calibration.json").write_text(json.dumps({"slope": slope, "offset": offset}))
    shutil.rmtree(kept, ignore_errors=True)
    draft.rename(kept)


def _calibration(texts: Sequence[Example], path: Path) -> tuple[float, float]:
    part = Tagger.train([text for text in texts if text.trade % _FOLDS], path, iterations=40)
    scores, right = [], []
    for text in (text for text in texts if text.trade % _FOLDS == 0):
        true = {(label.kind, label.start, label.end) for label in text.labels}
        for mention in part(text.text, text.section):
            scores.append([_logit(mention.confidence)])
            right.append((mention.kind, mention.start, mention.end) in true)
    fitted = LogisticRegression(C=100).fit(np.array(scores), right)
    return float(fitted.coef_[0][0]), float(fitted.intercept_[0])
