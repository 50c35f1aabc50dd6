"""What the columns of a table hold: by their headers, their cells and the section."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from kefu.knowledge.extraction.cells import CODE, column_kind
from kefu.knowledge.extraction.content import KINDS, Content
from kefu.knowledge.extraction.documents import Block, Span
from kefu.knowledge.extraction.measures import first_measure
from kefu.knowledge.extraction.mentions import Mention
from kefu.knowledge.extraction.vocabulary import Vocabulary

#: A number or a mark is no longer.
_SHORT = 2
#: A value with its unit is seldom longer.
_VALUE = 16
#: Nor is a list of a few products.
_LISTED = 40
#: How much likelier a header makes its kind; how likely a column must be whose header says nothing.
_SAID, _LIKELY = 3.0, -1.2
#: Of the cells of a column of codes so many differ; codes are no longer.
_DIFFERENT, _CODE = 0.4, 12
#: So many rows in a row are numbered; fewer codes may happen to follow each other.
_ROWS = 7
#: A line ends as its other names do.
_ENDING = 2
_HAN = re.compile("[\u4e00-\u9fff]{2}")


def columns_of(
    block: Block, section: str, vocabulary: Vocabulary, subjects: Sequence[Mention], content: Content
) -> tuple[Block, list[str]]:
    """What each column holds, empty for nothing; the table with a header if it had none.

    Args:
        block: The table.
        section: What the headings above are about.
        vocabulary: The words to go by.
        subjects: The products that the manual is about.
        content: Tells what cells are about.
    """
    columns = [column_kind(cell.text, vocabulary) for cell in block.rows[0]]
    first = block.rows[0][0]
    begins = [row[0].text for row in block.rows[:2]]
    coded = all(CODE.fullmatch(text) and any(map(str.isdigit, text)) for text in begins)
    if coded and (not any(columns) or len(begins) > 1):
        columns = [""] * len(columns)
        blank = Span(first.start, first.start, "")  # no header at all
        block = replace(block, rows=((blank,) * len(block.rows[0]), *block.rows))
    columns = _with_products(columns, block, subjects, vocabulary)
    lines = [i for i, kind in enumerate(columns) if kind == "product_line"]
    for i in lines[:-1] if len(lines) > 1 else ():
        columns[i] = ""  # a series beside the line
    columns = _with_lines(columns, block, vocabulary, subjects)
    columns = _by_content(columns, block, content, vocabulary)
    columns = _entered(columns, block, section, vocabulary)
    return block, _fitted(columns, block, section, vocabulary)


def _cells(block: Block, column: int, vocabulary: Vocabulary) -> list[str]:
    """What the cells of a column say, those left out that say nothing."""
    texts = [row[column].text for row in block.rows[1:]]
    return [text for text in texts if text and not re.search(vocabulary.blank, text)]


def _by_content(columns: list[str], block: Block, content: Content, vocabulary: Vocabulary) -> list[str]:
    """Columns by what their cells mean, where headers say nothing or something else altogether."""
    found = list(columns)
    judged: dict[int, dict[str, float]] = {}
    for i, kind in enumerate(columns):
        cells = _cells(block, i, vocabulary)
        if kind in KINDS and kind != "spec" and _are_measured(cells):
            found[i] = ""
        elif kind in ("", *KINDS) and kind != "spec" and len(cells) > 1 and all(map(_HAN.search, cells)):
            judged[i] = content(cells)
    for i, scores in judged.items():
        best = max(scores, key=scores.get)
        twin = max(
            (j for j in judged if columns[j] == columns[i]), key=lambda j: judged[j].get(columns[i], -99)
        )
        if columns[i] and twin != i:
            found[i] = best if best != columns[i] and scores[best] >= _LIKELY else ""
        elif columns[i] and scores[best] - scores[columns[i]] > _SAID:
            found[i] = best if best != "spec" else ""
        elif not columns[i] and best in ("fault", "cause", "solution") and scores[best] >= _LIKELY:
            found[i] = best if best not in found else ""
    if {"cause", "solution"} & set(found) and "error_code" not in found:
        coded = next((i for i in range(len(found)) if _are_codes(block, i, vocabulary)), None)
        if coded is not None and found[coded] in ("", "fault", "value", "spec"):
            found[coded] = "error_code"
    for i in [i for i, kind in enumerate(found) if kind == "error_code"]:
        if _are_numbers_of_rows(block, i) or found.index("error_code") != i:
            found[i] = ""
    if "error_code" in found and "fault" not in found and "cause" in found:
        cause = found.index("cause")
        if not columns[cause]:
            found[cause] = "fault"  # what a code means
    return found


def _with_lines(
    columns: list[str], block: Block, vocabulary: Vocabulary, subjects: Sequence[Mention]
) -> list[str]:
    """Beside products, a column whose cells end as the manual's line does is one of lines."""
    ends = {subject.text[-_ENDING:] for subject in subjects if subject.kind == "product_line"}
    found = list(columns)
    for i, kind in enumerate(columns) if "product" in columns and "product_line" not in columns else ():
        cells = _cells(block, i, vocabulary)
        if kind in ("", "cause") and cells and all(cell[-_ENDING:] in ends for cell in cells):
            return [*found[:i], "product_line", *found[i + 1 :]]
    return found


def _are_codes(block: Block, column: int, vocabulary: Vocabulary) -> bool:
    """Whether a column's cells are codes, most of them different, and no numbers of the rows."""
    cells = _cells(block, column, vocabulary)
    shown = [cell for cell in cells if len(cell) <= _CODE and CODE.fullmatch(cell)]
    if len(shown) < 2 or len(set(shown)) < _DIFFERENT * len(shown) or 3 * len(shown) < 2 * len(cells):
        return False
    bare = all(re.fullmatch(r"\d+(?:\.\d+)?|\d+(?:,\d{3})+", cell) for cell in shown)
    return not bare and not _are_numbers_of_rows(block, column) and not _are_measured(shown)


def _are_numbers_of_rows(block: Block, column: int) -> bool:
    """Whether a first column counts the rows, from 1 on and wherever they tell of more than one thing."""
    cells = [row[column].text for row in block.rows[1:]]
    numbers = [re.search(r"(\d+)$", cell) for cell in cells]
    if column or len(cells) < _ROWS or not all(numbers):
        return False
    before = {cell[: number.start()] for cell, number in zip(cells, numbers, strict=True)}
    return len(before) == 1 and [int(number.group()) for number in numbers] == list(range(1, len(cells) + 1))


def _are_measured(cells: Sequence[str]) -> bool:
    """Whether cells are values with units, and little besides."""
    with_unit = [cell for cell in cells if len(cell) <= _VALUE and (first_measure(cell) or ("", ""))[1]]
    starts = [cell for cell in with_unit if not _HAN.match(cell)]
    return bool(cells) and 3 * len(starts) >= 2 * len(cells)


def _with_products(
    columns: list[str], block: Block, subjects: Sequence[Mention], vocabulary: Vocabulary
) -> list[str]:
    """A column whose cells name products that are known is one of products, whatever its header."""
    names = [subject.text for subject in subjects if subject.kind == "product"]
    found = list(columns)
    for i, kind in enumerate(columns):
        cells = _cells(block, i, vocabulary)
        naming = [cell for cell in cells if any(cell.startswith(name) for name in names)]
        short = all(len(cell) <= _LISTED for cell in cells)
        if kind in ("", "error_code") and "product" not in found and short and 2 * len(naming) > len(cells):
            found[i] = "product"
    return found


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


def _fitted(columns: list[str], block: Block, section: str, vocabulary: Vocabulary) -> list[str]:
    """Takes back what a header alone does not say: operations solve only where something is wrong."""
    found = set(columns)
    headers = [cell.text for cell in block.rows[0]]
    wrong = bool(found & {"error_code", "cause", "symptom"})
    wrong = wrong or "solution" in found and ("fault" in found or section == "faults")
    if "error_code" in found:
        codes = columns.index("error_code")
        cells = [row[codes].text for row in block.rows[1:] if row[codes].text]
        coded = [cell for cell in cells if any(c.isascii() and c.isalnum() for c in cell) and len(cell) <= 24]
        if 3 * len(coded) < 2 * len(cells):
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
    if wrong and "fault" not in columns and ("cause" in found or "solution" in found):
        columns = _with_fault(columns, block)
    fitted = []
    for kind in columns:
        if kind in ("solution", "fault", "symptom", "cause") and not wrong:
            kind = ""
        if kind in ("spec", "value", "unit") and section != "specs" and not {"spec", "value"} <= found:
            kind = ""
        fitted.append("" if kind in fitted and kind not in ("value",) else kind)
    return _by_section(fitted, block, section)


def _with_fault(columns: list[str], block: Block) -> list[str]:
    """The first column whose header says nothing is what is wrong, before causes and what to do."""
    for i, kind in enumerate(columns):
        if kind in ("cause", "solution"):
            break
        if not kind and any(len(row[i].text) > _SHORT for row in block.rows[1:]):
            return [*columns[:i], "fault", *columns[i + 1 :]]
    return columns


def _by_section(columns: list[str], block: Block, section: str) -> list[str]:
    """Where headers say nothing, the section does: functions first, or fault, cause and solution in a row."""
    if any(kind not in ("", "value", "unit", "spec", "product") for kind in columns) or len(block.rows) < 2:
        return columns
    if section in ("functions", "policies") and columns[0] != "product":
        owners = [kind if kind == "product" else "" for kind in columns[1:]]
        return ["function" if section == "functions" else "policy", *owners]
    if "product" in columns:
        return columns
    if section != "faults" or len(columns) < 2:
        return columns
    coded = all(CODE.fullmatch(row[0].text) for row in block.rows[1:] if row[0].text)
    order = ["error_code", "fault", "cause", "solution"] if coded else ["fault", "cause", "solution"]
    if len(columns) < len(order):
        order.remove("cause")
    return [*order, *[""] * len(columns)][: len(columns)]
