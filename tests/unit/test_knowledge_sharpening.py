"""The map that makes sentence vectors tell entries apart."""

import numpy as np
import pytest

from kefu.knowledge.sharpening import Sharpening


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def entries():
    """Sixty entries of eight phrasings that all scatter along the same four of 32 directions."""
    random = np.random.default_rng(1)
    centres = np.repeat(random.normal(size=(60, 32)), 8, axis=0)
    noise = np.zeros_like(centres)
    noise[:, :4] = random.normal(scale=4, size=(len(noise), 4))
    return unit(centres + noise).astype(np.float32), np.arange(0, 480, 8)


def right(vectors, starts):
    """Share of vectors whose nearest neighbour belongs to the same entry."""
    likeness = vectors @ vectors.T - 9 * np.eye(len(vectors))
    entry = np.repeat(np.arange(len(starts)), 8)
    return np.mean(entry[likeness.argmax(axis=1)] == entry)


def test_phrasings_of_one_entry_come_nearer_to_each_other(entries):
    vectors, starts = entries
    sharpened = Sharpening(vectors, starts)(vectors)
    assert right(sharpened, starts) > right(vectors, starts) + 0.2


def test_sharpened_vectors_have_length_one_and_empty_texts_stay_empty(entries):
    sharpen = Sharpening(*entries)
    sharpened = sharpen(np.vstack([entries[0][:3], np.zeros((1, 32), dtype=np.float32)]))
    assert np.linalg.norm(sharpened, axis=1) == pytest.approx([1, 1, 1, 0], abs=1e-5)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_one_phrasing_each_changes_next_to_nothing(entries, count):
    vectors = entries[0][::8][:count]
    sharpened = Sharpening(vectors, np.arange(count))(vectors)
    assert np.sum(sharpened * vectors, axis=1) == pytest.approx(np.ones(count), abs=0.05)
