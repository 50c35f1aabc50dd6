"""How two wordings go together: piece by piece in meaning, word by word, value by value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

import numpy as np

from kefu.knowledge.attention import pieces_of
from kefu.knowledge.distinctions import Wording
from kefu.knowledge.extraction.measures import Measure
from kefu.language.pieces import PIECE_DIMENSIONS
from kefu.language.words import rarity, tagged_words

#: Pieces are compared by so many random directions of what they mean (Johnson and Lindenstrauss 1984).
_DIRECTIONS = 160
#: Words that are no more seldom than this carry no substance.
_COMMON = 0.42


def both_ways(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """What holds of a against b and of b against a, whichever is which: the lesser and the greater."""
    return [v for x, y in zip(one, other, strict=True) for v in (min(x, y), max(x, y))]


def covered(one: str, other: str) -> tuple[float, float]:
    """How well the pieces of one text find their like in another: on average, and the one that does worst."""
    rows, columns = _directions(one), _directions(other)
    if not len(rows) or not len(columns):
        return 0.0, 0.0
    best = (rows @ columns.T).max(axis=1)
    return float(best.mean()), float(best.min())


@lru_cache(maxsize=20_000)
def _directions(text: str) -> np.ndarray:
    vectors, _ = pieces_of(text)
    found = vectors @ _random()
    return found / (np.linalg.norm(found, axis=1, keepdims=True) + 1e-9)


@lru_cache(maxsize=1)
def _random() -> np.ndarray:
    drawn = np.random.default_rng(3).normal(size=(PIECE_DIMENSIONS, _DIRECTIONS))
    return drawn.astype(np.float32)


def lacking(
    one: Wording, others: Sequence[str], whole: Wording, vectors: Mapping[str, np.ndarray]
) -> list[float]:
    """What of a wording finds no like among other words, by how rare it is.

    Args:
        one: The wording.
        others: Words of the other entry.
        whole: Everything that the other entry says.
        vectors: What each word means.

    Returns:
        The sum, its share of all words, and the word that lacks most.
    """
    words = [(word, rarity(word)) for word in one.words]
    words = [(word, rare) for word, rare in words if rare > _COMMON]
    if not words:
        return [0.0, 0.0, 0.0]
    table = np.array([vectors[other] for other in others]) if others else np.zeros((1, 1))
    missing = [
        0.0 if word in whole.said else rare * (1 - max(0.0, float((table @ vectors[word]).max())))
        if others else rare
        for word, rare in words
    ]  # fmt: skip
    return [sum(missing), sum(missing) / sum(rare for _, rare in words), max(missing)]


def edited(one: Sequence[str], other: Sequence[str], vectors: Mapping[str, np.ndarray]) -> list[float]:
    """How one list of words becomes another: what stays, what comes in, what is exchanged and for what."""
    kept = put_in = 0
    exchanged: list[tuple[Sequence[str], Sequence[str]]] = []
    for change, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if change == "equal":
            kept += sum(map(len, one[a:b]))
        elif change == "replace":
            exchanged.append((one[a:b], other[c:d]))
        else:
            put_in += 1
    share = 2 * kept / max(1, sum(map(len, (*one, *other))))
    alike = [_cosine(left, right, vectors) for left, right in exchanged] or [1.0]
    sizes = [(sum(map(len, left)), sum(map(len, right))) for left, right in exchanged]
    parts = [(_part("".join(left)), _part("".join(right))) for left, right in exchanged]
    return [
        share, len(exchanged), put_in, share * bool(exchanged), float(np.mean(alike)), min(alike),
        float(sum(map(sum, sizes))), float(np.mean([abs(x - y) for x, y in sizes])) if sizes else 0.0,
        len(exchanged) == 1 and not put_in, bool(put_in) and not exchanged,
        bool(one and other) and one[0] == other[0], bool(one and other) and one[-1] == other[-1],
        sum(x == y == "n" for x, y in parts), sum(x == y == "v" for x, y in parts),
        sum(x == y for x, y in parts),
    ]  # fmt: skip


def _cosine(one: Sequence[str], other: Sequence[str], vectors: Mapping[str, np.ndarray]) -> float:
    a, b = (np.sum([vectors[word] for word in some], axis=0) for some in (one, other))
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-9))


@lru_cache(maxsize=20_000)
def _part(word: str) -> str:
    """The part of speech of a word, its first letter."""
    return next((part[:1] for _, part in tagged_words(word)), "")


def values(one: Sequence[Measure], other: Sequence[Measure]) -> list[float]:
    """How many values are equal, how many kinds of value are not, and how many kinds only one names."""
    groups, also = _by_group(one), _by_group(other)
    equal = unequal = 0.0
    for group in groups.keys() & also.keys():
        found = sum(any(a.equals(b) for b in also[group]) for a in groups[group])
        back = sum(any(b.equals(a) for a in groups[group]) for b in also[group])
        equal += max(found, back)
        # Both tell more of this kind than the other: half as telling as no agreement.
        unequal += 1.0 if not found else 0.5 * (found < len(groups[group]) and back < len(also[group]))
    return [equal, unequal, len(groups.keys() ^ also.keys())]


def _by_group(found: Sequence[Measure]) -> dict[str, list[Measure]]:
    groups: dict[str, list[Measure]] = {}
    for one in found:
        groups.setdefault(one.in_seconds().group, []).append(one)
    return groups


def things(one: Wording, other: Wording) -> list[float]:
    """Of how many sorts of things two wordings name other ones, partly others, the same, and only one any."""
    shared = one.sorts.keys() & other.sorts.keys()
    pairs = [(one.sorts[sort], other.sorts[sort]) for sort in shared]
    return [
        sum(not a & b for a, b in pairs), sum(bool(a & b) and a != b for a, b in pairs),
        sum(a == b for a, b in pairs), len(one.sorts.keys() ^ other.sorts.keys()),
    ]  # fmt: skip
