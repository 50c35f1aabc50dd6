"""What the tables of a manual name: columns of faults, codes, causes and solutions, specs, functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kefu.knowledge.extraction.cells import CODE, ROW, column_kind, named_in
from kefu.knowledge.extraction.documents import Block
from kefu.knowledge.extraction.examples import relation_between
from kefu.knowledge.extraction.mentions import Link, Mention
from kefu.knowledge.extraction.specs import read_specs
from kefu.knowledge.extraction.vocabulary import Vocabulary

#: How sure it is that several causes in one cell go with several solutions in another.
_CROSSED = 0.55
_OF_FAULTS = {"error_code", "fault", "symptom", "cause", "solution", "function"}


def read_table(
    block: Block, section: str, vocabulary: Vocabulary, subjects: Sequence[Mention] = ()
) -> tuple[list[Mention], list[Link]]:
    """What a table names, and what its rows say of it.

    Args:
        block: The table.
        section: What the headings above are about.
        vocabulary: The words to go by.
        subjects: The products that the manual is about.
    """
    columns = [column_kind(cell.text, vocabulary) for cell in block.rows[0]]
    columns = _entered(columns, block, section, vocabulary)
    columns = _fitted(columns, block, section, vocabulary)
    if section == "specs" or columns.count("spec") and "value" in columns:
        if not {"cause", "solution", "error_code"} & set(columns):
            return read_specs(block, columns, vocabulary)
    if columns[0] == "product" and not _OF_FAULTS & set(columns):
        mentions, links = read_specs(block, columns, vocabulary)
        if any(mention.kind == "spec" for mention in mentions):
            return mentions, links
    mentions, links = _rows(block, columns, vocabulary)
    return mentions, links + list(_marked(block, columns, mentions, subjects, vocabulary))


def _entered(columns: list[str], block: Block, section: str, vocabulary: Vocabulary) -> list[str]:
    """A sheet for all sections: what its rows are about is what the section is; empty columns are none."""
    filled = [any(row[i].text for row in block.rows[1:]) for i in range(len(columns))]
    if len(columns) < 4 or not re.search(vocabulary.entry_column, block.rows[0][0].text):
        return columns
    columns = [kind if full else "" for kind, full in zip(columns, filled, strict=True)]
    codes = all(CODE.fullmatch(row[0].text) for row in block.rows[1:])
    of_section = {"faults": "error_code" if codes else "function", "functions": "function",
                  "policies": "policy", "specs": "spec"}  # fmt: skip
    columns[0] = of_section.get(section, "")
    if section in ("functions", "policies", "howto", ""):
        keep = (columns[0], "product")
        columns = [kind if kind in keep and kind else "" for kind in columns]
    return columns


def _marked(
    block: Block,
    columns: Sequence[str],
    mentions: Sequence[Mention],
    subjects: Sequence[Mention],
    vocabulary: Vocabulary,
) -> Iterator[Link]:
    """A column for each product whose cells say whether it has the row's function."""
    named = {subject.text: subject for subject in subjects if subject.kind == "product"}
    owners = {i: named[cell.text] for i, cell in enumerate(block.rows[0]) if cell.text in named}
    for row in block.rows[1:] if owners and "function" in columns else ():
        for function in (m for m in mentions if row[0].start <= m.start < row[-1].end):
            for i, product in owners.items():
                if function.kind == "function" and re.search(vocabulary.has, row[i].text):
                    yield Link("has_function", product, function, ROW)


def _fitted(columns: list[str], block: Block, section: str, vocabulary: Vocabulary) -> list[str]:
    """Takes back what a header alone does not say: operations solve only where something is wrong."""
    found = set(columns)
    headers = [cell.text for cell in block.rows[0]]
    wrong = bool(found & {"error_code", "cause", "symptom"}) or "fault" in found and "solution" in found
    if "error_code" in found:
        codes = columns.index("error_code")
        cells = [row[codes].text for row in block.rows[1:] if row[codes].text]
        if not all(any(c.isascii() and c.isalnum() for c in cell) and len(cell) <= 24 for cell in cells):
            columns[codes] = ""
        if "fault" not in columns:
            for i, header in enumerate(headers):
                if (
                    i != codes
                    and columns[i] in ("", "value", "spec")
                    and re.search(vocabulary.meaning, header)
                ):
                    columns[i] = "fault"
                    break
    fitted = []
    for kind in columns:
        if kind in ("solution", "fault", "symptom", "cause") and not wrong:
            kind = ""
        if kind in ("spec", "value", "unit") and section != "specs" and not {"spec", "value"} <= found:
            kind = ""
        fitted.append("" if kind in fitted and kind not in ("value",) else kind)
    return _by_section(fitted, block, section)


def _by_section(columns: list[str], block: Block, section: str) -> list[str]:
    """Where headers say nothing, the section does: functions first, or fault, cause and solution in a row."""
    if any(kind not in ("", "value", "unit", "spec") for kind in columns) or len(block.rows) < 2:
        return columns
    if section in ("functions", "policies"):
        return ["function" if section == "functions" else "policy", *[""] * (len(columns) - 1)]
    if section != "faults" or len(columns) < 2:
        return columns
    coded = all(CODE.fullmatch(row[0].text) for row in block.rows[1:] if row[0].text)
    order = ["error_code", "fault", "cause", "solution"] if coded else ["fault", "cause", "solution"]
    if len(columns) < len(order):
        order.remove("cause")
    return [*order, *[""] * len(columns)][: len(columns)]


def _rows(block: Block, columns: Sequence[str], vocabulary: Vocabulary) -> tuple[list[Mention], list[Link]]:
    """Each row tells of one thing; an empty cell below a fault or a code repeats it."""
    mentions, links = [], []
    carried: dict[int, list[Mention]] = {}
    for row in block.rows[1:]:
        cells: dict[int, list[Mention]] = {}
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
