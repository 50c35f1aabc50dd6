"""What an entry says that can tell it from another: things of one sort, values, conditions, what is asked."""

from __future__ import annotations

import re
from functools import cached_property

from kefu.knowledge.extraction.measures import Measure, in_digits, measures
from kefu.knowledge.extraction.vocabulary import FOLDER
from kefu.language.normalize import fold
from kefu.language.words import words
from kefu.rulebook import Entry, current

#: So much of an entry is compared in meaning.
_LONGEST = 200
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_LATIN = re.compile(r"[a-z]+\d*|[a-z]*\d+[a-z]+")
_CLAUSE = re.compile(r"[,.;:!?、。\s]+")


class Distinctions(Entry):
    """``data/extraction/distinctions.yml``; its comments say what each part means."""

    opposites: list[list[str]]
    denials: list[str]
    sorts: list[list[str]]
    alike: list[list[str]]
    conditions: list[str]
    asked: list[list[str]]
    rewritten: list[list[str]]

    class Config:
        """Of pydantic: what is made of the words once is kept."""

        keep_untouched = (cached_property,)

    @cached_property
    def things(self) -> list[list[list[str]]]:
        """Of each sort its things, of each thing its names."""
        return [[names.split("|") for names in sort] for sort in self.sorts]

    @cached_property
    def forms(self) -> dict[str, str]:
        """Words that have another form, and that form."""
        return {word: line[0] for line in self.alike for word in line}

    @cached_property
    def in_one_form(self) -> re.Pattern[str]:
        """Finds the words that have another form, the longest first."""
        return re.compile("|".join(map(re.escape, sorted(self.forms, key=len, reverse=True))))

    @cached_property
    def rewritings(self) -> list[tuple[re.Pattern[str], str]]:
        """Patterns and what they become."""
        return [(re.compile(pattern), form) for pattern, form in self.rewritten]


def distinctions() -> Distinctions:
    """The words as they are now.

    Raises:
        RuleError: The file has a mistake, and no right version was read before.
    """
    return current(Distinctions, FOLDER / "distinctions.yml")


class Wording:
    """A name or text of an entry, and what is looked for in it."""

    def __init__(self, said: str, book: Distinctions) -> None:
        """Reads ``said``, of any form."""
        self._book = book
        self.said = in_digits(said)
        for pattern, form in book.rewritings:
            self.said = pattern.sub(form, self.said)

    @cached_property
    def folded(self) -> str:
        """Without what makes no difference."""
        return fold(self.said)

    @cached_property
    def words(self) -> list[str]:
        """Its words, without marks."""
        return [word for word in words(self.said) if any(map(str.isalnum, word))]

    @cached_property
    def clauses(self) -> list[str]:
        """Its clauses, the first few."""
        return [clause for clause in _CLAUSE.split(self.said) if clause][:6]

    @cached_property
    def alike(self) -> str:
        """With one word for each thing that has several."""
        return self._book.in_one_form.sub(lambda match: self._book.forms[match.group()], self.said)

    @cached_property
    def alike_words(self) -> list[str]:
        """The words of ``alike``, without marks."""
        return [word for word in words(self.alike) if any(map(str.isalnum, word))]

    @cached_property
    def measures(self) -> list[Measure]:
        """Its values."""
        return measures(self.said)

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Its numbers as written."""
        return frozenset(_NUMBER.findall(self.said))

    @cached_property
    def latin(self) -> frozenset[str]:
        """Codes and other words in Latin letters."""
        return frozenset(_LATIN.findall(self.folded))

    @cached_property
    def sorts(self) -> dict[int, frozenset[int]]:
        """Which things it names of each sort."""
        found = {
            i: frozenset(k for k, names in enumerate(sort) if any(name in self.said for name in names))
            for i, sort in enumerate(self._book.things)
        }
        return {i: things for i, things in found.items() if things}

    @cached_property
    def conditions(self) -> frozenset[str]:
        """What narrows it down."""
        return frozenset(word for word in self._book.conditions if word in self.said)

    @cached_property
    def asked(self) -> frozenset[int]:
        """What it asks for."""
        return frozenset(
            i for i, ways in enumerate(self._book.asked) if any(word in self.said for word in ways)
        )

    @cached_property
    def denials(self) -> int:
        """How often it denies."""
        return sum(self.said.count(word) for word in self._book.denials)

    def opposed(self, other: Wording) -> int:
        """How many pairs of opposites stand against each other."""
        one, also = self.said, other.said
        return sum(
            x in one and y not in one and y in also and x not in also
            for left, right in self._book.opposites
            for x, y in ((left, right), (right, left))
        )


def first_part(text: str) -> str:
    """As much of a text as is compared."""
    return text.strip()[:_LONGEST]
