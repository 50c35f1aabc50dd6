"""What the tables of a manual name: columns of faults, codes, causes and solutions, specs, functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kefu.knowledge.extraction.cells import CELL, ROW, column_kind, named_in
from kefu.knowledge.extraction.columns import columns_of
from kefu.knowledge.extraction.content import Content
from kefu.knowledge.extraction.documents import Block
from kefu.knowledge.extraction.examples import relation_between
from kefu.knowledge.extraction.measures import first_measure
from kefu.knowledge.extraction.mentions import Link, Mention
from kefu.knowledge.extraction.specs import read_specs
from kefu.knowledge.extraction.vocabulary import Vocabulary

#: How sure it is that several causes in one cell go with several solutions in another.
_CROSSED = 0.55
#: A value with its unit is seldom longer.
_VALUE = 16
_OF_FAULTS = {"error_code", "fault", "symptom", "cause", "solution", "function"}


def read_table(
    block: Block, section: str, vocabulary: Vocabulary, subjects: Sequence[Mention], content: Content
) -> tuple[list[Mention], list[Link]]:
    """What a table names, and what its rows say of it.

    Args:
        block: The table.
        section: What the headings above are about.
        vocabulary: The words to go by.
        subjects: The products that the manual is about.
        content: Tells what cells are about.
    """
    block, columns = columns_of(block, section, vocabulary, subjects, content)
    mentions, links = _told(block, columns, section, vocabulary, subjects)
    lined = list(_lined(block, vocabulary, subjects))
    return [*mentions, *(link.target for link in lined)], [*links, *lined]


def _told(
    block: Block, columns: list[str], section: str, vocabulary: Vocabulary, subjects: Sequence[Mention]
) -> tuple[list[Mention], list[Link]]:
    owned = not _OF_FAULTS & set(columns) and _owners(block, subjects) and _measured(block)
    if section == "specs" or owned or columns.count("spec") and "value" in columns:
        if not {"cause", "solution", "error_code"} & set(columns):
            return read_specs(block, columns, vocabulary, subjects)
    if columns[0] == "product" and not _OF_FAULTS & set(columns) and _measured(block):
        mentions, links = read_specs(block, columns, vocabulary, subjects)
        if any(mention.kind == "spec" for mention in mentions):
            others, lines = _rows(block, columns, vocabulary)
            return [*mentions, *(m for m in others if m.kind == "product_line")], [*links, *lines]
    mentions, links = _rows(block, columns, vocabulary)
    return mentions, links + list(_marked(block, columns, mentions, subjects, vocabulary))


def _lined(block: Block, vocabulary: Vocabulary, subjects: Sequence[Mention]) -> Iterator[Link]:
    """A row that says of the product above each column to which line it belongs."""
    owners = _owners(block, subjects)
    for row in block.rows[1:] if owners else ():
        if column_kind(row[0].text, vocabulary) == "product_line":
            for i, product in owners.items():
                line = Mention("product_line", row[i].start, row[i].end, row[i].text, CELL, "table")
                yield Link("in_line", product, line, ROW)


def _owners(block: Block, subjects: Sequence[Mention]) -> dict[int, Mention]:
    """The products that head columns."""
    named = {subject.text: subject for subject in subjects if subject.kind == "product"}
    return {i: named[cell.text] for i, cell in enumerate(block.rows[0]) if cell.text in named}


def _measured(block: Block) -> bool:
    """Whether a column behind the first holds values with units, and little besides."""
    for column in list(zip(*block.rows[1:], strict=True))[1:]:
        cells = [cell.text for cell in column if cell.text]
        if cells and all(len(cell) <= _VALUE and (first_measure(cell) or ("", ""))[1] for cell in cells):
            return True
    return False


def _marked(
    block: Block,
    columns: Sequence[str],
    mentions: Sequence[Mention],
    subjects: Sequence[Mention],
    vocabulary: Vocabulary,
) -> Iterator[Link]:
    """A column for each product whose cells say whether it has the row's function, or its policy."""
    owners = _owners(block, subjects)
    for row in block.rows[1:] if owners and {"function", "policy"} & set(columns) else ():
        for told in (m for m in mentions if row[0].start <= m.start < row[-1].end):
            for i, product in owners.items():
                if told.kind == "function" and re.search(vocabulary.has, row[i].text):
                    yield Link("has_function", product, told, ROW)
                if told.kind == "policy" and not re.search(vocabulary.lacks, row[i].text):
                    yield Link("applies_to", told, product, ROW)


def _rows(block: Block, columns: Sequence[str], vocabulary: Vocabulary) -> tuple[list[Mention], list[Link]]:
    """Each row tells of one thing; an empty cell below a fault or a code repeats it."""
    mentions, links = [], []
    carried: dict[int, list[Mention]] = {}
    for row in block.rows[1:]:
        cells: dict[int, list[Mention]] = {}
        if any(re.search(vocabulary.normal, cell.text) for cell in row):
            continue  # what is as it should be
        for i, (cell, kind) in enumerate(zip(row, columns, strict=True)):
            if not kind or kind in ("value", "unit", "spec"):
                continue
            named = list(named_in(cell, kind, vocabulary))
            if named:
                mentions += named
            elif kind in ("fault", "error_code", "product", "product_line") and not cell.text:
                named = carried.get(i, [])
            carried[i] = cells[i] = named
        links += _linked(list(cells.values()))
    return mentions, links


def _linked(cells: Sequence[list[Mention]]) -> Iterator[Link]:
    caused = any(mention.kind == "cause" for cell in cells for mention in cell)
    for sources in cells:
        for targets in cells:
            relation = sources and targets and relation_between(sources[0].kind, targets[0].kind)
            if not relation or sources[0].kind == "fault" and targets[0].kind == "solution" and caused:
                continue
            several = len(sources) > 1 and len(targets) > 1
            paired = several and len(sources) == len(targets) and sources[0].kind == "cause"
            for i, source in enumerate(sources):
                for j, target in enumerate(targets):
                    if not paired or i == j:
                        crossed = several and not paired and sources[0].kind == "cause"
                        yield Link(relation, source, target, _CROSSED if crossed else ROW)
