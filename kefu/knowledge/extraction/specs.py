"""Specifications: in tables of any shape, and in sentences of a section about them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kefu.knowledge.extraction.cells import IN_PARENTHESES, ROW, column_kind, named_in
from kefu.knowledge.extraction.documents import Block, Span
from kefu.knowledge.extraction.measures import first_measure
from kefu.knowledge.extraction.mentions import Link, Mention
from kefu.knowledge.extraction.vocabulary import Vocabulary

_SIGNED = re.compile(r"[A-Z]{1,4}\d[\dA-Z.]{0,6}")
_MODEL = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w\- .+/]{2,30}", re.ASCII)


def read_specs(
    block: Block, columns: Sequence[str], vocabulary: Vocabulary, subjects: Sequence[Mention] = ()
) -> tuple[list[Mention], list[Link]]:
    """The specs of a table, and the products in its header or first column."""
    header, body = block.rows[0], block.rows[1:]
    known = {subject.text for subject in subjects if subject.kind == "product"}
    if "value" in columns and columns.index("value") > 1:
        return _specs_by_row(block, columns, vocabulary)
    if columns[0] == "product" and len(header) > 2:
        return _specs_across(block, vocabulary)
    if len(header) == 2 and first_measure(header[1].text) and columns[0] != "spec":
        body = block.rows  # no header at all
    models = {
        i: Mention("product", cell.start, cell.end, cell.text, 0.9, "table")
        for i, cell in enumerate(header)
        if i
        and body is not block.rows
        and (cell.text in known or not columns[i] and _MODEL.fullmatch(cell.text))
    }
    if not models and columns[0] not in ("", "spec", "value") and body is not block.rows:
        return [], []
    unit_column = columns.index("unit") if "unit" in columns else None
    mentions, links = list(models.values()), []
    for row in body:
        if column_kind(row[0].text, vocabulary) == "product_line":
            continue
        for name, values in _names_and_values(row, models, unit_column):
            if re.search(vocabulary.blank, name.text) or not any(cell.text for _, cell in values):
                continue
            unit = row[unit_column].text if unit_column is not None else ""
            by_value: dict[str, Mention] = {}
            for i, cell in values if models else values[:1]:
                if re.search(vocabulary.lacks, cell.text):
                    continue
                if cell.text not in by_value:
                    by_value[cell.text] = spec_mention(name, cell.text, unit)
                    mentions.append(by_value[cell.text])
                if i in models:
                    links.append(Link("describes", by_value[cell.text], models[i], ROW))
    return mentions, links


def _specs_by_row(
    block: Block, columns: Sequence[str], vocabulary: Vocabulary
) -> tuple[list[Mention], list[Link]]:
    """A row for each spec, its value, unit and product somewhere in it."""
    mentions, links = [], []
    for row in block.rows[1:]:
        cells = dict(zip(columns, row, strict=True))
        name, value = cells.get("spec", row[0]), cells["value"]
        if not name.text or re.search(vocabulary.blank, value.text):
            continue
        spec = spec_mention(name, value.text, cells["unit"].text if "unit" in cells else "")
        owners = list(named_in(cells["product"], "product", vocabulary)) if "product" in cells else []
        mentions += [spec, *owners]
        links += [Link("describes", spec, owner, ROW) for owner in owners]
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
            links.append(Link("describes", spec, product, ROW))
        mentions += specs.values()
    return mentions + products, links


def spec_mention(name: Span, said: str, unit: str = "", confidence: float = 0.92) -> Mention:
    """A spec: its name without the unit in parentheses behind it, and its value."""
    aside = IN_PARENTHESES.search(name.text)
    text = name.text[: aside.start()].rstrip() if aside else name.text
    found = first_measure(said)
    value, own_unit = found if found and said.find(found[0]) <= 4 else (said, None)
    if own_unit is None and _SIGNED.fullmatch(said):
        value = said  # its letters belong to the value
    if own_unit is None and aside and len(aside.group(1)) <= 8:
        unit = unit or aside.group(1)
    return Mention(
        "spec", name.start, name.start + len(text), text, confidence, "table",
        value=value, unit=own_unit or unit or None,
    )  # fmt: skip
