"""Messages to train on and to test with, in Rasa's own format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kefu.config import settings
from kefu.language.normalize import fold

_EXAMPLE = re.compile(r"^\s*- (.*\S)")
_ANNOTATION = re.compile(r"\[([^]]+)](?:\([^)]*\)|\{[^}]*})")


def messages(path: Path) -> list:
    """All messages with an intent under ``path``, a file or a folder."""
    from rasa.shared.nlu.training_data.loading import load_data

    return [m for m in load_data(str(path)).intent_examples if m.get("text")]


def texts_of(path: Path) -> frozenset[str]:
    """The different messages under ``path``, without blanks and punctuation."""
    return frozenset(fold(m.get("text")) for m in messages(path))


def folds(data: Path, count: int) -> Iterator[tuple[Path, list]]:
    """Splits ``data`` into parts of equal mixture; each is left out once.

    A message that stands there twice would be known before it is asked: it counts once.

    Yields:
        The file to train on (kept in ``var/bench``) and the messages to test with.
    """
    from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLWriter
    from rasa.shared.nlu.training_data.training_data import TrainingData
    from sklearn.model_selection import StratifiedKFold

    unique = list({fold(m.get("text")) or m.get("text"): m for m in messages(data)}.values())
    intents = [m.get("intent") for m in unique]
    parts = StratifiedKFold(count, shuffle=True, random_state=7).split(unique, intents)
    folder = settings().var_dir / "bench" / "folds"
    folder.mkdir(parents=True, exist_ok=True)
    for number, (train, test) in enumerate(parts, 1):
        path = folder / f"{number}-of-{count}.yml"
        RasaYAMLWriter().dump(path, TrainingData([unique[i] for i in train]))
        yield path, [unique[i] for i in test]


def part(data: Path, share: int) -> Path:
    """A file with one in ``share`` of the different messages under ``data``, of the same mixture.

    For comparing configurations that take too long to train on everything.
    """
    from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLWriter
    from rasa.shared.nlu.training_data.training_data import TrainingData

    _, kept = next(folds(data, share))
    path = settings().var_dir / "bench" / "folds" / f"one-in-{share}.yml"
    RasaYAMLWriter().dump(path, TrainingData(kept))
    return path


def lines(path: Path) -> dict[str, str]:
    """``file:line`` of each example, by its plain text."""
    found: dict[str, str] = {}
    for file in [path] if path.is_file() else sorted(path.rglob("*.yml")):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if match := _EXAMPLE.match(line):
                found.setdefault(_ANNOTATION.sub(r"\1", match.group(1)), f"{file}:{number}")
    return found
