"""What an entry is in the graph: its nodes with their names, and the edges that it draws."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kefu.knowledge import manuals, schema
from kefu.knowledge.items import Item
from kefu.knowledge.references import World

#: Kind and key of a node.
Key = tuple[str, str]
#: Nodes that several entries may share.
SHARED = ("symptom", "error_code")


@dataclass(frozen=True)
class Words:
    """How a product's price is called and what is asked of every product and line (categories.yml)."""

    price_label: str
    price_questions: Sequence[str]
    range_questions: Sequence[str]


@dataclass
class Rows:
    """Rows of the graph under construction; edges name their nodes by kind and key.

    Attributes:
        nodes: The columns of each node, in order.
        names: Every way to say each node, its own name first.
        edges: ``(source, relation, target, position)``.
    """

    nodes: dict[Key, dict[str, Any]] = field(default_factory=dict)
    names: dict[Key, list[str]] = field(default_factory=dict)
    edges: list[tuple[Key, str, Key, int]] = field(default_factory=list)

    def node(self, kind: str, key: str, name: str, source: str, names: Iterable[str] = (), **columns) -> Key:
        """Adds a node with its names, or leaves the one that stands there already."""
        if (kind, key) not in self.nodes:
            row = {"english": None, "body": "", "data": {}, **columns}
            self.nodes[kind, key] = {"kind": kind, "key": key, "name": name, "source": source, **row}
            said = (text.strip() for text in (name, *names) if text)
            self.names[kind, key] = [text for text in dict.fromkeys(said) if text]
        return kind, key

    def edge(self, source: Key, relation: str, target: Key, position: int = 0) -> None:
        """Adds ``source relation target``."""
        self.edges.append((source, relation, target, position))

    def add(self, item: Item, world: World, words: Words) -> None:
        """Adds what an entry says; what it refers to must be known to ``world``."""
        _ADD[item.kind](self, item, world, words)

    def add_passage(self, passage: manuals.Passage, source: str, world: World) -> None:
        """Adds a section of a manual."""
        key = heading = f"{passage.manual}/{passage.title}"
        repeated = 1
        while ("passage", key) in self.nodes:  # sections may have the same heading
            repeated += 1
            key = f"{heading} ({repeated})"
        name = f"{passage.manual} {passage.title}"
        node = self.node("passage", key, name, f"{source}#{passage.title}"[:255], body=passage.text)
        for product in (passage.manual.replace("-", " "), passage.manual):
            if world.has("product", product):
                return self.edge(node, "describes", ("product", product))


def _line(rows: Rows, item: Item, world: World, words: Words) -> None:
    line: schema.Line = item.entry
    rows.node(
        "product_line", line.name, line.name, item.source, [line.english, *line.aliases],
        english=line.english,
        data={"questions": [f"{line.name} {question}" for question in words.range_questions]},
    )  # fmt: skip


def _product(rows: Rows, item: Item, world: World, words: Words) -> None:
    product: schema.Product = item.entry
    node = rows.node(
        "product", product.name, product.name, item.source, [product.title, *product.aliases],
        english=product.english, body=product.summary, data=product.dict(exclude={"aliases"}),
    )  # fmt: skip
    rows.edge(node, "in_line", ("product_line", item.line))
    specs = {words.price_label: product.price, **product.specs}
    for position, (spec, value) in enumerate(specs.items()):
        questions = words.price_questions if position == 0 else ()
        described = rows.node(
            "spec", f"{product.name}/{spec}", f"{product.name} {spec}", item.source,
            [f"{product.name} {question}" for question in questions], body=value,
        )  # fmt: skip
        rows.edge(described, "describes", node, position)


def _function(rows: Rows, item: Item, world: World, words: Words) -> None:
    function: schema.Function = item.entry
    node = rows.node(
        "function", item.key, function.name, item.source, [function.english, *function.aliases],
        english=function.english, body=function.summary,
        data={"how_to": function.how_to, "line": item.line, **_valid(function)},
    )  # fmt: skip
    for product in function.products:
        rows.edge(("product", product), "has_function", node)


def _fault(rows: Rows, item: Item, world: World, words: Words) -> None:
    fault, line, source = item.entry, item.line, item.source
    data = {"line": line, "function": fault.function, "problem_type": fault.problem_type}
    data |= {"urgency": fault.urgency, "safety": fault.safety, **_valid(fault)}
    node = rows.node(
        "fault", item.key, fault.name, source, [fault.english], english=fault.english,
        body=fault.safety or "", data=data,
    )  # fmt: skip
    for product in fault.products:
        rows.edge(node, "affects", ("product", product))
    if fault.function:
        rows.edge(node, "concerns", ("function", f"{line}/{fault.function}"))
    for symptom in fault.symptoms:
        rows.edge(node, "shows", rows.node("symptom", symptom, symptom, source))
    for code in fault.error_codes:
        rows.edge(node, "reports", rows.node("error_code", f"{line}/{code}", code, source))
    for position, cause in enumerate(fault.causes):
        key = f"{item.key}/{position + 1}"
        reason = rows.node("cause", key, cause.cause, source)
        body, steps = "\n".join(cause.steps), {"steps": cause.steps}
        solution = rows.node("solution", key, cause.solution, source, body=body, data=steps)
        rows.edge(node, "caused_by", reason, position)
        rows.edge(reason, "solved_by", solution)


def _policy(rows: Rows, item: Item, world: World, words: Words) -> None:
    policy: schema.Policy = item.entry
    node = rows.node(
        "policy", policy.name, policy.name, item.source, [policy.english, *policy.topics],
        english=policy.english, body=policy.answer, data={"questions": policy.questions, **_valid(policy)},
    )  # fmt: skip
    for name in policy.applies_to:
        kind = "product" if world.has("product", name) else "product_line"
        rows.edge(node, "applies_to", (kind, name))


def _faq(rows: Rows, item: Item, world: World, words: Words) -> None:
    faq: schema.Faq = item.entry
    data = {"also": faq.also, **_valid(faq)}
    node = rows.node("faq", faq.question, faq.question, item.source, body=faq.answer, data=data)
    about = [("product", product) for product in faq.products]
    about += [("product_line", faq.line)] if faq.line else []
    if faq.function:
        # The same function may belong to several lines; meant is that of the entry's products or line.
        meant = {world.line_of(product) for product in faq.products} or {faq.line} - {None}
        lines = [line for line in world.lines_with(faq.function) if not meant or line in meant]
        about += [("function", f"{line}/{faq.function}") for line in lines]
    for target in about:
        rows.edge(node, "about", target)


def _valid(entry: schema.Valid) -> dict[str, str | None]:
    days = {"valid_from": entry.valid_from, "valid_until": entry.valid_until}
    return {name: day.isoformat() if day else None for name, day in days.items()}


_ADD = {
    "product_line": _line, "product": _product, "function": _function,
    "fault": _fault, "policy": _policy, "faq": _faq,
}  # fmt: skip
