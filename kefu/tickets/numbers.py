"""Numbers we issue: two letters, yymmdd, a four-digit count of the day and a check digit.

The check digit is ISO 7064 MOD 11-2 over the ten digits, so a single wrong digit or two exchanged
neighbours are noticed before anything is looked up.
"""

from __future__ import annotations

import re
from datetime import date

from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import Session

from kefu.db import Base

TICKET = "GD"

_NUMBER = re.compile(r"([A-Z]{2})(\d{10,})([\dX])")


class Counter(Base):
    """How many numbers of a prefix a day has used."""

    __tablename__ = "number_counters"

    prefix = Column(String(2), primary_key=True)
    day = Column(String(6), primary_key=True)
    used = Column(Integer, nullable=False)


def check_digit(digits: str) -> str:
    """The ISO 7064 MOD 11-2 check character of ``digits`` (``X`` stands for ten)."""
    remainder = 0
    for digit in digits:
        remainder = (remainder + int(digit)) * 2 % 11
    value = (12 - remainder) % 11
    return "X" if value == 10 else str(value)


def normal_number(text: str) -> str:
    """A number as typed (blanks, hyphens, lower case), in the form in which it was issued."""
    return re.sub(r"[\s\-_.]+", "", text).upper()


def is_valid(number: str) -> bool:
    """Whether ``number`` has the form of an issued number and its check digit is right."""
    match = _NUMBER.fullmatch(number)
    return bool(match) and check_digit(match.group(2)) == match.group(3)


def issue(session: Session, prefix: str, day: date) -> str:
    """Draws the next number of the day within the caller's transaction.

    The row is locked until the transaction ends, so two never draw the same; a number drawn by a
    transaction that fails is free again.
    """
    key = day.strftime("%y%m%d")
    changed = session.query(Counter).filter_by(prefix=prefix, day=key).update({"used": Counter.used + 1})
    if not changed:
        session.add(Counter(prefix=prefix, day=key, used=1))
        session.flush()
    used = session.get(Counter, (prefix, key), populate_existing=True).used
    digits = f"{key}{used:04d}"
    return f"{prefix}{digits}{check_digit(digits)}"
