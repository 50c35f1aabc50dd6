"""Numbers we issue: form, check digit, one after the other."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kefu.db import session_scope
from kefu.tickets.numbers import TICKET, check_digit, is_valid, issue, normal_number

DAY = date(2026, 11, 22)


def draw(day=DAY):
    with session_scope() as session:
        return issue(session, TICKET, day)


def test_the_check_digit_is_iso_7064_mod_11_2():
    # ORCID and ISNI use the same check character; these two are from https://support.orcid.org.
    assert check_digit("000000021825009") == "7"
    assert check_digit("000000021694233") == "X"
    assert check_digit("2611220007") == "0"
    assert is_valid("GD26112200070")


@given(st.text("0123456789", min_size=10, max_size=10), st.integers(0, 9), st.integers(1, 9))
def test_a_single_wrong_digit_is_noticed(digits, position, shift):
    number = f"GD{digits}{check_digit(digits)}"
    wrong = digits[:position] + str((int(digits[position]) + shift) % 10) + digits[position + 1 :]
    assert is_valid(number)
    assert not is_valid(f"GD{wrong}{number[-1]}")


@given(st.text("0123456789", min_size=10, max_size=10), st.integers(0, 8))
def test_two_exchanged_neighbours_are_noticed(digits, position):
    left, right = digits[position : position + 2]
    exchanged = digits[:position] + right + left + digits[position + 2 :]
    if left != right:
        assert not is_valid(f"GD{exchanged}{check_digit(digits)}")


@pytest.mark.parametrize(
    "number", ["", "GD", "GD2611220007", "26112200070", "GD26112200071", "gd26112200070", "GDx6112200070"]
)
def test_what_was_never_issued_is_not_valid(number):
    assert not is_valid(number)


@pytest.mark.parametrize("typed", ["gd26112200070", "GD 2611 2200 070", "gd-26112200070", "GD.26112200070"])
def test_a_number_is_known_however_it_is_typed(typed):
    assert normal_number(typed) == "GD26112200070"


def test_a_number_says_the_day_and_counts_from_one(installation):
    assert [draw()[:12] for _ in range(3)] == ["GD2611220001", "GD2611220002", "GD2611220003"]
    assert draw(date(2026, 11, 23)).startswith("GD2611230001")
    assert re.fullmatch(r"GD\d{10}[\dX]", draw())


def test_a_number_drawn_by_a_transaction_that_fails_is_free_again(installation):
    with pytest.raises(RuntimeError), session_scope() as session:
        issue(session, TICKET, DAY)
        raise RuntimeError
    assert draw().startswith("GD2611220001")


def test_two_who_draw_at_once_never_get_the_same(installation):
    draw()
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda _: draw(), range(40)))
    assert len(set(numbers)) == 40
    assert sorted(int(number[8:12]) for number in numbers) == list(range(2, 42))
    assert all(map(is_valid, numbers))


def test_the_ten_thousandth_number_of_a_day_is_still_valid(installation):
    from kefu.tickets.numbers import Counter

    with session_scope() as session:
        session.add(Counter(prefix=TICKET, day="261122", used=9999))
    number = draw()
    assert number.startswith("GD26112210000") and is_valid(number)
