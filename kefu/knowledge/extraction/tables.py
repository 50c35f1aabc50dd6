"""What the tables of a manual name: columns of faults, codes, causes and solutions, specs, functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from kefu.knowledge.extraction.documents import Block, Span
from kefu.knowledge.extraction.examples import relation_between
from kefu.knowledge.extraction.measures import first_measure
from kefu.knowledge.extraction.mentions import Link, Mention
from kefu.knowledge.extraction.vocabulary import Vocabulary

#: How sure a cell's kind is from its header, and a relation from standing in one row.
_CELL, _ROW, _CROSSED = 0.93, 0.95, 0.55
_IN_PARENTHESES = re.compile(r"\s*[(\uff08]([^()\uff08\uff09]*)[)\uff09]\s*$")
_CODE = re.compile(r"[A-Za-z]{0,6}[-_ ]?\d{1,6}[A-Za-z]?|[A-Z]{1,4}[a-z]?|0x[0-9A-Fa-f]+")
_MODEL = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w\- .+/]{2,30}", re.ASCII)
_CODES_APART = re.compile(r"\s*[/,\u3001\uff0c\uff0f]\s*")


def read_table(block: Block, section: str, vocabulary: Vocabulary) -> tuple[list[Mention], list[Link]]:
    """What a table names, and what its rows say of it."""
    columns = [column_kind(cell.text, vocabulary) for cell in block.rows[0]]
    columns = _fitted(columns, block, section, vocabulary)
    if section == "specs" or columns.count("spec") and "value" in columns:
        if not {"cause", "solution", "error_code"} & set(columns):
            return _specs(block, columns, vocabulary)
    return _rows(block, columns, vocabulary)


def column_kind(header: str, vocabulary: Vocabulary) -> str:
    """What a column holds, or a label announces; empty if the words do not say."""
    bare = _IN_PARENTHESES.sub("", header)
    return next((kind for kind, words in vocabulary.columns.items() if re.search(words, bare)), "")


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
    coded = all(_CODE.fullmatch(row[0].text) for row in block.rows[1:] if row[0].text)
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
                        yield Link(relation, source, target, _CROSSED if crossed else _ROW)


def named_in(cell: Span, kind: str, vocabulary: Vocabulary) -> Iterator[Mention]:
    """What one cell names: several things where signs or numbers part them."""
    if re.search(vocabulary.blank, cell.text):
        return
    apart = _CODES_APART if kind in ("error_code", "product") else re.compile(vocabulary.marks.several)
    if kind in ("function", "policy", "product_line"):
        apart = re.compile(r"\n")
    found = list(pieces(cell.text, apart, vocabulary))
    if kind == "solution" and found:  # steps of one solution belong together
        start, end = found[0][0], found[-1][1]
        steps = tuple(cell.text[a:b] for a, b in found) if len(found) > 1 else ()
        text = cell.text[start:end]
        yield Mention(kind, cell.start + start, cell.start + end, text, _CELL, "table", steps)
        return
    for start, end in found:
        said = cell.text[start:end]
        if kind == "error_code":
            code = _CODE.search(said)
            if not code:
                continue
            start, end = start + code.start(), start + code.end()
        yield Mention(kind, cell.start + start, cell.start + end, cell.text[start:end], _CELL, "table")


def pieces(text: str, apart: re.Pattern[str], vocabulary: Vocabulary) -> Iterator[tuple[int, int]]:
    """Where the pieces of ``text`` stand, without numbers before and stops behind."""
    last = 0
    for match in [*apart.finditer(text), None]:
        start, end = last, match.start() if match else len(text)
        last = match.end() if match else end
        number = re.match(vocabulary.marks.step, text[start:end])
        start += number.end() if number else 0
        piece = text[start:end]
        start += len(piece) - len(piece.lstrip())
        end -= len(piece) - len(piece.rstrip(" \u3002\uff1b;,\uff0c.\n"))
        if end > start and not re.search(vocabulary.blank, text[start:end]):
            yield start, end


def _specs(block: Block, columns: Sequence[str], vocabulary: Vocabulary) -> tuple[list[Mention], list[Link]]:
    header, body = block.rows[0], block.rows[1:]
    if columns[0] == "product" and len(header) > 2:
        return _specs_across(block, vocabulary)
    if len(header) == 2 and first_measure(header[1].text) and columns[0] != "spec":
        body = block.rows  # no header at all
    models = {
        i: Mention("product", cell.start, cell.end, cell.text, 0.9, "table")
        for i, cell in enumerate(header)
        if i and body is not block.rows and not columns[i] and _MODEL.fullmatch(cell.text)
    }
    if not models and columns[0] not in ("", "spec", "value") and body is not block.rows:
        return [], []
    unit_column = columns.index("unit") if "unit" in columns else None
    mentions, links = list(models.values()), []
    for row in body:
        for name, values in _names_and_values(row, models, unit_column):
            if re.search(vocabulary.blank, name.text) or not any(cell.text for _, cell in values):
                continue
            unit = row[unit_column].text if unit_column is not None else ""
            by_value: dict[str, Mention] = {}
            for i, cell in values if models else values[:1]:
                if cell.text not in by_value:
                    by_value[cell.text] = spec_mention(name, cell.text, unit)
                    mentions.append(by_value[cell.text])
                if i in models:
                    links.append(Link("describes", by_value[cell.text], models[i], _ROW))
    return mentions, links


def _names_and_values(row: Sequence[Span], models: dict[int, Mention], unit: int | None):
    """A row's names, each with its values: name, value, name, value ... or name and one value a model."""
    others = [(i, cell) for i, cell in enumerate(row) if i and i != unit]
    if models or len(row) % 2 or unit is not None:
        filled = [(i, cell) for i, cell in others if cell.text and (not models or i in models)]
        if filled:
            yield row[0], filled
        return
    for i in range(0, len(row), 2):
        if row[i].text and row[i + 1].text:
            yield row[i], [(i + 1, row[i + 1])]


def _specs_across(block: Block, vocabulary: Vocabulary) -> tuple[list[Mention], list[Link]]:
    """One model a row, one spec a column."""
    mentions, links = [], []
    products = [
        Mention("product", row[0].start, row[0].end, row[0].text, 0.9, "table")
        for row in block.rows[1:]
        if row[0].text
    ]
    for i, name in enumerate(block.rows[0]):
        rows = [row for row in block.rows[1:] if row[0].text and row[i].text]
        if not i or not name.text or not any(first_measure(row[i].text) for row in rows):
            continue
        specs: dict[str, Mention] = {}
        for row in rows:
            spec = specs.setdefault(row[i].text, spec_mention(name, row[i].text))
            product = next(p for p in products if p.start == row[0].start)
            links.append(Link("describes", spec, product, _ROW))
        mentions += specs.values()
    return mentions + products, links


def spec_mention(name: Span, said: str, unit: str = "", confidence: float = 0.92) -> Mention:
    """A spec: its name without the unit in parentheses behind it, and its value."""
    aside = _IN_PARENTHESES.search(name.text)
    text = name.text[: aside.start()].rstrip() if aside else name.text
    found = first_measure(said)
    value, own_unit = found if found and said.find(found[0]) <= 4 else (said, None)
    if own_unit is None and aside and len(aside.group(1)) <= 8:
        unit = unit or aside.group(1)
    return Mention(
        "spec", name.start, name.start + len(text), text, confidence, "table",
        value=value, unit=own_unit or unit or None,
    )  # fmt: skip
