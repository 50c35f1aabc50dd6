"""How sure the search is of what it found."""

import pytest

from kefu.knowledge.confidence import CHANCE, POSSIBLE, SURE, confidences


def test_what_stands_out_is_sure_and_what_fits_many_alike_is_not():
    assert confidences([0.8, 0.4, 0.35, 0.3, 0.3], [0.5, 0, 0, 0, 0])[0] > SURE
    assert confidences([0.5, 0.49, 0.48, 0.47, 0.46], [0.05] * 5)[0] < SURE


def test_a_known_wording_is_sure_even_among_similar_entries():
    assert confidences([0.9, 0.6, 0.6, 0.6, 0.6], [0.8, 0, 0, 0, 0])[0] > SURE


def test_what_does_not_lean_to_an_entry_by_its_own_meaning_is_not_sure():
    assert confidences([0.5, 0.35, 0.3, 0.3, 0.3], [-0.2, 0, 0, 0, 0])[0] < SURE


def test_who_asks_in_the_words_of_an_entry_need_not_lean_to_it_otherwise():
    assert confidences([0.75, 0.6, 0.5, 0.45, 0.45], [-0.1, 0.3, 0, 0, 0])[0] > SURE


def test_what_scores_no_better_than_chance_is_not_even_possible():
    assert confidences([CHANCE, 0.1, 0.05, 0.01, 0.01], [0.1, 0, 0, 0, 0])[0] < POSSIBLE


def test_confidence_falls_with_the_rank_among_equals():
    found = confidences([0.8, 0.6, 0.5, 0.4, 0.3, 0.2], [0.1] * 6)
    assert found == sorted(found, reverse=True)
    assert all(0 < value < 1 for value in found)


@pytest.mark.parametrize("scores", [[], [0.7], [0.7, 0.3]])
def test_few_entries_are_judged_too(scores):
    assert len(confidences(scores, [0.1] * len(scores))) == len(scores)
