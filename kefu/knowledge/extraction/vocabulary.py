"""The words that extraction goes by (``data/extraction/vocabulary.yml``)."""

from __future__ import annotations

from pathlib import Path

from kefu.config import ROOT
from kefu.rulebook import Entry, current

FOLDER = ROOT / "data" / "extraction"


class Marks(Entry):
    """How lines of plain text show what they are; regular expressions.

    Attributes:
        headings: Headings by depth, the outermost first.
        heading_number: What stands before a heading's title.
        asked, answered: What stands before a question, and before its answer.
        step, point: What stands before a numbered step, and before a point of a list.
        several: Between the things that one cell names.
    """

    headings: list[str]
    heading_number: str
    asked: str
    answered: str
    step: str
    point: str
    several: str


class Vocabulary(Entry):
    """The whole file; see its comments.

    Attributes:
        sections: What a heading's section is about, by words.
        headings: Headings of each section; others that mean the same are about the same.
        columns: What a table's column holds, by its header.
        entry_column: The header of a column that names what a row is about, whatever its section.
        section_column: The header of a column that says to what section of a sheet a row belongs.
        asked_column, answer_column: Headers of questions and of their answers.
        meaning: Headers of what an error code means.
        title: What says that a line is a manual's title.
        title_end: What parts the name of what a manual is for from the rest of its title.
        line_told: What says to which line a manual's products belong.
        models: What stands before a manual's models.
        between_models: Between models in a list.
        edition: A product without digits in such a list.
        edition_name: What tells editions of one model from each other.
        cause_solution: What stands between a cause and what to do about it.
        without: What says that a product lacks a function.
        only: What restricts a line to the products that it names.
        has, lacks: Cells that say whether a product has a function.
        before_value: What stands between a spec's name and its value.
        owner: What stands between a spec's owner and its name.
        asks_only: Questions that tell of no fault, function or policy.
        question: What stands before and behind the fault in a question.
        exclusions: Headings of what a policy does not cover.
        code_words: What a heading that only shows a code says besides.
        blank: Cells that say nothing.
        normal: What says that something is as it should be.
        sentence_end: Between sentences.
        units: Groups of units that can be compared, each unit with its share of the group's own.
    """

    marks: Marks
    sections: dict[str, str]
    headings: dict[str, list[str]]
    columns: dict[str, str]
    entry_column: str
    section_column: str
    asked_column: str
    answer_column: str
    meaning: str
    title: str
    title_end: str
    line_told: str
    models: str
    between_models: str
    edition: str
    edition_name: str
    cause_solution: str
    without: str
    only: str
    has: str
    lacks: str
    before_value: str
    owner: str
    asks_only: str
    question: str
    exclusions: str
    code_words: str
    blank: str
    normal: str
    sentence_end: str
    units: dict[str, dict[str, float]]


def vocabulary(folder: Path = FOLDER) -> Vocabulary:
    """What the file says now.

    Raises:
        RuleError: The file has a mistake or is missing.
    """
    return current(Vocabulary, folder / "vocabulary.yml")
