"""How old an answer was, seen from what was edited and what was answered."""

from bench.live import lags

EDITS = [[0, 1, 10.0], [1, 1, 11.0], [0, 2, 12.0]]


def test_an_answer_from_the_newest_version_is_not_old():
    assert lags(EDITS, [[0, 2, 15.0], [1, 1, 15.0], [0, 0, 9.0]]) == [0.0, 0.0, 0.0]


def test_an_answer_is_as_old_as_the_first_version_that_it_misses():
    assert lags(EDITS, [[0, 0, 15.0], [0, 1, 12.5]]) == [5.0, 0.5]
