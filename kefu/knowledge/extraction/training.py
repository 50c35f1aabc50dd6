"""The trained parts: learned from the examples, kept in ``var``, learned anew when these change."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import yaml
from sklearn.linear_model import LogisticRegression

from kefu.config import settings
from kefu.knowledge.extraction.annotated import annotated
from kefu.knowledge.extraction.content import Content
from kefu.knowledge.extraction.examples import Example, Label, filled, read_examples
from kefu.knowledge.extraction.linker import Linker
from kefu.knowledge.extraction.mentions import Mention
from kefu.knowledge.extraction.sight import Sight, see
from kefu.knowledge.extraction.tagger import Tagger
from kefu.knowledge.extraction.text_reader import text_reader
from kefu.knowledge.extraction.vocabulary import FOLDER

logger = logging.getLogger(__name__)

#: How often each sentence of the examples is filled, and each text gone through.
_TIMES, _ROUNDS = 2, 16
#: One network leaves out a fifth of the trades, on which its confidence is tried; the other learns from all.
_PARTS = 5
#: A mention is right if it shares so much with what is annotated; a reviewer mends the rest.
_SHARED = 0.6
#: The words that texts are cut by; the others only tell what is read in them.
_WORDS = ("marks", "sections", "asked_column", "answer_column", "section_column")
#: What makes texts of the examples, and what learns from them.
_CODE = (
    "annotated.py", "content.py", "documents.py", "examples.py", "labels.py", "learning.py", "linker.py",
    "network.py", "passages.py", "readers/*.py", "sections.py", "sight.py", "tagger.py", "training.py",
    "vocabulary.py",
)  # fmt: skip


@dataclass(frozen=True)
class Scale:
    """Platt's scaling of a probability (Platt 1999) on its logit, with an offset for each kind.

    Attributes:
        slope: Of the logit.
        offset: For every kind.
        offsets: What is added for a kind.
    """

    slope: float
    offset: float
    offsets: dict[str, float]

    def __call__(self, mention: Mention) -> float:
        """How often what is found with such confidence is right in a trade that was never seen."""
        offset = self.offset + self.offsets.get(mention.kind, 0.0)
        return 1 / (1 + math.exp(-self.slope * _logit(mention.confidence) - offset))


@dataclass(frozen=True)
class Model:
    """What was learned.

    Attributes:
        tagger: Finds what a text names.
        linker: Tells what hangs together.
        scale: Makes the tagger's confidence true.
        content: Tells what columns and sections are about.
    """

    tagger: Tagger
    linker: Linker
    scale: Scale
    content: Content

    def mentions(self, text: str, section: str = "") -> list[Mention]:
        """What ``text`` names, with calibrated confidence."""
        return [replace(m, confidence=self.scale(m)) for m in self.tagger(text, section)]


def _logit(confidence: float) -> float:
    inside = min(max(confidence, 1e-4), 1 - 1e-4)
    return math.log(inside / (1 - inside))


def model(folder: Path = FOLDER) -> Model:
    """The model of the examples in ``folder`` as they are now, trained if there is none yet."""
    return _model(folder, fingerprint(folder), settings().var_dir / "extraction")


def fingerprint(folder: Path) -> str:
    """A hash of what the model is made of."""
    digest = hashlib.sha256()
    words = yaml.safe_load((folder / "vocabulary.yml").read_text(encoding="utf-8"))
    digest.update(json.dumps({name: words.get(name) for name in _WORDS}, ensure_ascii=False).encode())
    sources = [folder / "examples.yml", *sorted(folder.glob("annotated/*"))]
    sources += sorted(folder.glob("manuals/*"))
    code = [path for name in _CODE for path in sorted(Path(__file__).parent.glob(name))]
    for path in (*sources, *code):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=2)
def _model(folder: Path, mark: str, var: Path) -> Model:
    kept = var / mark
    if not (kept / "calibration.json").exists():
        logger.info("knowledge.extraction.train")
        train(texts(folder), kept)
    return _read(kept)


def texts(folder: Path = FOLDER) -> list[Example]:
    """All that there is to learn from: sentences filled with cases, and texts annotated one by one.

    Raises:
        RuleError: ``examples.yml`` has a mistake or is missing.
        DocumentError: A file of annotations has a mistake.
    """
    return filled(read_examples(folder), _TIMES) + annotated(folder)


def _read(kept: Path) -> Model:
    scale = json.loads((kept / "calibration.json").read_text(encoding="utf-8"))
    tagger = Tagger.load(sorted(kept.glob("tagger*.npz")), text_reader())
    content = Content.load(kept / "content.npz")
    return Model(tagger, Linker.load(kept / "linker.json"), Scale(**scale), content)


def train(examples: Sequence[Example], kept: Path, rounds: int = _ROUNDS) -> None:
    """Learns from ``examples`` (some minutes on one core) and puts everything in place at once.

    Args:
        examples: What to learn from.
        kept: The folder of the model.
        rounds: How often each text is gone through.
    """
    draft = kept.with_name(f"{kept.name}.{os.getpid()}.tmp")
    draft.mkdir(parents=True, exist_ok=True)
    seen = [see(example.text, example.section) for example in examples]
    tried = [i for i, example in enumerate(examples) if is_tried(example)]
    others = [i for i, example in enumerate(examples) if not is_tried(example)]
    found: list[tuple[Mention, bool]] = []
    for number, inside in enumerate((others, range(len(examples)))):
        path = draft / f"tagger{number}.npz"
        tagger = Tagger.train([seen[i] for i in inside], [examples[i] for i in inside], path, rounds)
        if inside is others:
            for i in tried:
                if examples[i].written:
                    found += _judged(tagger, seen[i], examples[i])
    (draft / "calibration.json").write_text(json.dumps(asdict(_scale(found))))
    Linker.train(examples, draft / "linker.json")
    Content.train(examples, draft / "content.npz")
    shutil.rmtree(kept, ignore_errors=True)
    draft.rename(kept)


def is_tried(example: Example) -> bool:
    """Whether it is of a trade on which confidence is tried."""
    return example.trade % _PARTS == 0


def _judged(tagger: Tagger, sight: Sight, example: Example) -> Iterator[tuple[Mention, bool]]:
    """What a network finds in a trade that it has not seen, and whether it is right, a bound perhaps off."""
    for mention in tagger.of_sight(sight, example.text):
        yield mention, any(label.kind == mention.kind and _same(label, mention) for label in example.labels)


def _same(label: Label, mention: Mention) -> bool:
    both = min(label.end, mention.end) - max(label.start, mention.start)
    return both >= _SHARED * (max(label.end, mention.end) - min(label.start, mention.start))


def _scale(found: Sequence[tuple[Mention, bool]]) -> Scale:
    if len({right for _, right in found}) < 2:  # there is nothing to learn from
        return Scale(1.0, 0.0, {})
    kinds = sorted({mention.kind for mention, _ in found})
    rows = [[_logit(m.confidence), *(float(m.kind == kind) for kind in kinds)] for m, _ in found]
    fitted = LogisticRegression(C=3).fit(np.array(rows), [right for _, right in found])
    slope, *offsets = fitted.coef_[0].tolist()
    return Scale(slope, float(fitted.intercept_[0]), dict(zip(kinds, offsets, strict=True)))
