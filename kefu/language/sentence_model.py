"""Meaning of a sentence by a BERT in ONNX form: the one that ships, or the company's own.

What it is worth is in docs/knowledge.md.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from kefu.config import ROOT, SettingsError
from kefu.language.adapter import Adapter
from kefu.language.compact import compact, load

VARIABLE, OFF = "KEFU_SENTENCE_MODEL", "off"
SHIPPED = ROOT / "data" / "sentence_model"
#: What the folder has to hold.
NEEDED = ("model.onnx", "tokenizer.json")
#: The model reads so many pieces of a text.
_PIECES = 256


class SentenceModel:
    """A BERT that gives a text's meaning in the row of its first piece.

    As BGE does (Xiao et al. 2023, arXiv:2309.07597).

    Attributes:
        folder: Where its files are.
        mark: Tells this model from others.
        dimensions: Length of a vector.
    """

    def __init__(self, folder: Path) -> None:
        """Loads ``model.onnx`` and ``tokenizer.json`` (Hugging Face's) from ``folder``.

        Raises:
            SettingsError: A file is missing or can't be read.
        """
        self.folder = folder
        self._tokenizer, self._run = opened(folder)
        self._tokenizer.enable_truncation(_PIECES)
        self.mark = _digest(folder)
        try:
            (self.dimensions,) = self._row("1").shape
        except Exception as error:  # the runtime raises its own kinds
            raise SettingsError(f"{VARIABLE}: {folder} is not a BERT as expected: {error}") from error

    def embed_all(self, texts: Sequence[str]) -> np.ndarray:
        """Embeds normal texts.

        Returns:
            Unit vectors, ``(len(texts), dimensions)`` float32; a zero row for an empty text.
        """
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        filled = [i for i, text in enumerate(texts) if text.strip()]
        with ThreadPoolExecutor(os.cpu_count()) as threads:  # each run uses one core
            for i, row in zip(filled, threads.map(self._row, [texts[i] for i in filled]), strict=True):
                vectors[i] = row / max(float(np.linalg.norm(row)), 1e-9)
        return vectors

    def _row(self, text: str) -> np.ndarray:
        # Alone: whole numbers are as fine as the largest value of all that is read at once.
        return self._run([self._tokenizer.encode(text)])[0, 0]


def opened(folder: Path, adapter: Adapter | None = None) -> tuple[Any, Callable[[Sequence[Any]], np.ndarray]]:
    """Loads the files of ``NEEDED``, with an adapter in the weights if one is given.

    Returns:
        A Hugging Face tokenizer, and what makes its encodings (of one length) the last hidden states,
        ``(texts, pieces, width)``.

    Raises:
        SettingsError: A file is missing or can't be read.
    """
    # Slow to import, and only needed once there is a model.
    from onnxruntime import InferenceSession, SessionOptions
    from tokenizers import Tokenizer

    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise SettingsError(f"{VARIABLE}: {folder} lacks {' and '.join(missing)}.")
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would keep what the longest batch took
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        weights: str | bytes = str(folder / "model.onnx")
        if adapter:
            model = load(folder / "model.onnx")
            adapter.put_into(model)
            compact(model)
            weights = model.SerializeToString()
        session = InferenceSession(weights, options)
    except Exception as error:  # the libraries raise their own kinds
        raise SettingsError(f"{VARIABLE}: {folder} can't be read: {error}") from error
    inputs = {one.name for one in session.get_inputs()}

    def run(encodings: Sequence[Any]) -> np.ndarray:
        given = {
            "input_ids": np.array([one.ids for one in encodings], dtype=np.int64),
            "attention_mask": np.array([one.attention_mask for one in encodings], dtype=np.int64),
            "token_type_ids": np.array([one.type_ids for one in encodings], dtype=np.int64),
        }
        return session.run(None, {name: rows for name, rows in given.items() if name in inputs})[0]

    return tokenizer, run


def _digest(folder: Path) -> str:
    """Other weights have the same size; the pieces of a text count, too."""
    digest = hashlib.sha256()
    for name in NEEDED:
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:16]


def sentence_model() -> SentenceModel | None:
    """The model in the folder ``KEFU_SENTENCE_MODEL``, else the one that ships.

    Returns:
        ``None`` if the variable says ``off``.

    Raises:
        SettingsError: The folder can't be used.
    """
    named = os.environ.get(VARIABLE) or ""
    return None if named == OFF else _loaded(named)


def required() -> SentenceModel:
    """The same, where nothing goes without.

    Raises:
        SettingsError: There is none, or it can't be used.
    """
    model = sentence_model()
    if model is None:
        raise SettingsError(f"{VARIABLE}: it is {OFF}, but here a sentence model is needed.")
    return model


@lru_cache(maxsize=1)
def _loaded(named: str) -> SentenceModel:
    return SentenceModel(Path(named) if named else SHIPPED)
