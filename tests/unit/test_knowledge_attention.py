"""Networks read two entries piece by piece and tell whether they say the same."""

import numpy as np
import pytest

from kefu.knowledge.attention import Attention, Read, closeness, read
from kefu.knowledge.attention_learning import learn
from kefu.language.pieces import PIECE_DIMENSIONS

_WORDS = 12


@pytest.fixture(scope="module")
def entries():
    """Entries of one word each and a filler; those of one number mean the same."""
    draw = np.random.default_rng(3)
    words = draw.normal(size=(_WORDS, PIECE_DIMENSIONS)).astype(np.float32)
    filler = draw.normal(size=PIECE_DIMENSIONS).astype(np.float32)
    found = []
    for number in range(_WORDS * 4):
        rows = np.stack([words[number % _WORDS], filler])
        rows = rows + draw.normal(size=rows.shape).astype(np.float32) * 0.3
        found.append(Read(rows, np.array([[1, 1, 0.9], [1, 1, 0.3]], dtype=np.float32)))
    return found


@pytest.fixture(scope="module")
def pairs():
    draw = np.random.default_rng(4)
    one = draw.integers(_WORDS * 4, size=400)
    other = np.where(
        draw.random(400) < 0.5, (one + _WORDS) % (_WORDS * 4), draw.integers(_WORDS * 4, size=400)
    )
    return np.stack([one, other], axis=1)


@pytest.fixture(scope="module")
def learned(entries, pairs):
    labels = pairs[:, 0] % _WORDS == pairs[:, 1] % _WORDS
    meanings = np.zeros((len(entries), 2, 4), dtype=np.float32)
    return Attention(learn(entries, meanings, pairs, labels, lambda draw: (pairs[:40], labels[:40]), seed=0))


def test_what_was_learned_is_told_alike_alone_and_among_longer_entries(learned, entries, pairs):
    seen = [learned.looked_at(entry) for entry in entries]
    asked = [(seen[i], seen[j]) for i, j in pairs]
    close = np.zeros((len(pairs), 4))
    odds = learned(asked, close)
    assert ((odds > 0) == (pairs[:, 0] % _WORDS == pairs[:, 1] % _WORDS)).mean() > 0.95
    longer = Read(np.repeat(seen[0].rows, 9, axis=0), np.repeat(seen[0].marks, 9, axis=0))
    among = learned([asked[0], (longer, longer)], close[:2])
    assert among[0] == pytest.approx(odds[0], abs=1e-3)


def test_which_entry_comes_first_makes_no_difference(learned, entries):
    one, other = (learned.looked_at(entries[i]) for i in (0, 5))
    close = np.zeros((2, 4))
    there, back = learned([(one, other), (other, one)], close)
    assert there == pytest.approx(back, abs=1e-4)


def test_an_entry_without_a_word_is_compared_too(learned):
    nothing = learned.looked_at(read("", ""))
    something = learned.looked_at(read("漏水", "底部渗水"))
    assert np.isfinite(learned([(nothing, something), (nothing, nothing)], np.zeros((2, 4)))).all()


def test_rarer_pieces_are_marked_as_rarer_and_names_as_names():
    found = read("阀", "的。")
    word, of_name, rare = found.marks[-3:].T
    assert (word[-1], of_name.tolist()) == (0.0, [1.0, 0.0, 0.0])
    assert rare[0] > rare[1]


def test_closeness_is_the_same_from_either_side():
    one, other = np.random.default_rng(0).normal(size=(2, 5, 2, 8))
    assert closeness(one, other) == pytest.approx(closeness(other, one))
