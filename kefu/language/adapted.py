"""The sentence model, taught another task: it reads pieces in their surroundings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kefu.language.adapter import Adapter
from kefu.language.sentence_model import opened

#: A BERT reads so many pieces; so many characters are read at one go, up to a line's or sentence's end.
_LONGEST, STRETCH = 512, 450
_END = re.compile("[\n\u3002\uff01\uff1f\uff1b!?;]")


class AdaptedModel:
    """A sentence model with an adapter in its weights.

    Attributes:
        adapter: What it was taught.
        width: Length of a row.
    """

    def __init__(self, folder: Path, adapter: Adapter) -> None:
        """Loads the files of ``folder`` (see ``sentence_model.opened``).

        Raises:
            SettingsError: A file is missing or can't be read.
        """
        self.adapter = adapter
        self._tokenizer, self._run = opened(folder, adapter)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_LONGEST)
        self.width = self._run([self._tokenizer.encode("1")]).shape[2]

    def pieces(self, text: str) -> tuple[list[tuple[int, int]], np.ndarray]:
        """The word pieces of a text and what each means where it stands.

        Returns:
            Start and end of each piece in ``text``, and a row for each: ``(len(pieces), width)`` float32.
        """
        spans, rows = [], [np.zeros((0, self.width), dtype=np.float32)]
        for start, stretch in stretches(text):
            told = self._tokenizer.encode(stretch)
            spans += [(start + first, start + last) for first, last in told.offsets[1:-1]]
            rows.append(self._run([told])[0, 1:-1])
        return spans, np.concatenate(rows)


def stretches(text: str) -> Iterator[tuple[int, str]]:
    """A text in parts that can be read at one go, each with where it begins; blank ones are left out."""
    start = 0
    while start < len(text):
        part = text[start : start + STRETCH]
        if start + STRETCH < len(text) and (ends := [m.end() for m in _END.finditer(part)]):
            part = part[: ends[-1]]
        if part.strip():
            yield start, part
        start += len(part)
