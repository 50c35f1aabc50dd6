"""Puts what `data/knowledge/` says into the graph tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from kefu.config import settings
from kefu.db import session_scope
from kefu.events import record
from kefu.knowledge import files, manuals, schema
from kefu.knowledge.models import Alias, Edge, Edition, Node


class GraphRows:
    """Rows of the graph under construction, with ids given as they are added."""

    def __init__(self) -> None:
        """Starts with nothing."""
        self.nodes: dict[tuple[str, str], dict[str, Any]] = {}
        self.edges: list[dict[str, Any]] = []
        self.aliases: list[dict[str, Any]] = []
        self.lines: dict[str, str] = {}  # of each product

    def node(self, kind: str, key: str, name: str, source: str, names: Iterable[str] = (), **columns) -> int:
        """Adds a node with its names, or returns the one that stands there already."""
        found = self.nodes.get((kind, key))
        if found:
            return found["id"]
        row = {"english": None, "body": "", "data": {}, **columns}
        row.update(id=len(self.nodes) + 1, kind=kind, key=key, name=name, source=source)
        self.nodes[kind, key] = row
        unique = dict.fromkeys(text.strip() for text in (name, *names) if text and text.strip())
        self.aliases += [{"node_id": row["id"], "text": text} for text in unique]
        return row["id"]

    def edge(self, source: int, relation: str, target: int, position: int = 0) -> None:
        """Adds ``source relation target``."""
        self.edges.append(
            {"source_id": source, "relation": relation, "target_id": target, "position": position}
        )

    def id_of(self, kind: str, key: str) -> int:
        """Id of a node added before."""
        return self.nodes[kind, key]["id"]


def build(knowledge: files.Knowledge) -> GraphRows:
    """Turns entries into nodes and edges."""
    rows = GraphRows()
    for content, source in knowledge.lines:
        _add_line(rows, content, source, knowledge)
    for policy, source in knowledge.policies:
        _add_policy(rows, policy, source)
    for faq, source in knowledge.faq:
        _add_faq(rows, faq, source)
    for passage, source in knowledge.passages:
        _add_passage(rows, passage, source)
    return rows


def load(force: bool = False) -> bool:
    """Loads the knowledge folder into the graph if it changed since the last load.

    Readers see the old graph or the new one, never a mixture.

    Returns:
        Whether anything was loaded.

    Raises:
        KnowledgeError: The folder can't be used; the graph stays as it was.
    """
    folder = settings().knowledge_dir
    fingerprint = files.fingerprint(folder)
    with session_scope() as session:
        if _newest(session) == fingerprint and not force:
            return False
    rows = build(files.read(folder))
    with session_scope() as session:
        if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer at a time anyway
            session.execute(text("LOCK TABLE knowledge_editions IN SHARE ROW EXCLUSIVE MODE"))
        if _newest(session) == fingerprint and not force:  # loaded by another process meanwhile
            return False
        for table in (Edge, Alias, Node):
            session.execute(delete(table))
        for table, values in ((Node, list(rows.nodes.values())), (Edge, rows.edges), (Alias, rows.aliases)):
            if values:
                session.execute(insert(table), values)
        session.add(Edition(fingerprint=fingerprint))
        record(session, "knowledge.loaded", nodes=len(rows.nodes), edges=len(rows.edges))
    return True


def _newest(session: Session) -> str | None:
    return session.scalar(select(Edition.fingerprint).order_by(Edition.id.desc()).limit(1))


def _add_line(rows: GraphRows, content: Any, source: str, knowledge: files.Knowledge) -> None:
    line = content.product_line
    line_id = rows.node(
        "product_line",
        line.name,
        line.name,
        source,
        [line.english, *line.aliases],
        english=line.english,
        data={"questions": [f"{line.name} {question}" for question in knowledge.range_questions]},
    )
    for product in content.products:
        product_id = rows.node(
            "product", product.name, product.name, source, [product.title, *product.aliases],
            english=product.english, body=product.summary, data=product.dict(exclude={"aliases"}),
        )  # fmt: skip
        rows.edge(product_id, "in_line", line_id)
        rows.lines[product.name] = line.name
        specs = {knowledge.price_label: product.price, **product.specs}
        for position, (spec, value) in enumerate(specs.items()):
            questions = knowledge.price_questions if position == 0 else ()
            spec_id = rows.node(
                "spec", f"{product.name}/{spec}", f"{product.name} {spec}", source,
                [f"{product.name} {question}" for question in questions], body=value,
            )  # fmt: skip
            rows.edge(spec_id, "describes", product_id, position)
    for function in content.functions:
        function_id = rows.node(
            "function", f"{line.name}/{function.name}", function.name, source,
            [function.english, *function.aliases], english=function.english, body=function.summary,
            data={"how_to": function.how_to, "line": line.name},
        )  # fmt: skip
        for product in function.products:
            rows.edge(rows.id_of("product", product), "has_function", function_id)
    for fault in content.faults:
        _add_fault(rows, fault, line.name, source)


def _add_fault(rows: GraphRows, fault: schema.Fault, line: str, source: str) -> None:
    fault_id = rows.node(
        "fault", f"{line}/{fault.name}", fault.name, source, [fault.english], english=fault.english,
        body=fault.safety or "",
        data={
            "line": line, "function": fault.function, "problem_type": fault.problem_type,
            "urgency": fault.urgency, "safety": fault.safety,
        },
    )  # fmt: skip
    for product in fault.products:
        rows.edge(fault_id, "affects", rows.id_of("product", product))
    if fault.function:
        rows.edge(fault_id, "concerns", rows.id_of("function", f"{line}/{fault.function}"))
    for symptom in fault.symptoms:
        rows.edge(fault_id, "shows", rows.node("symptom", symptom, symptom, source))
    for code in fault.error_codes:
        rows.edge(fault_id, "reports", rows.node("error_code", f"{line}/{code}", code, source))
    for position, cause in enumerate(fault.causes):
        key = f"{line}/{fault.name}/{position + 1}"
        cause_id = rows.node("cause", key, cause.cause, source)
        solution_id = rows.node(
            "solution", key, cause.solution, source, body="\n".join(cause.steps), data={"steps": cause.steps}
        )
        rows.edge(fault_id, "caused_by", cause_id, position)
        rows.edge(cause_id, "solved_by", solution_id)


def _add_policy(rows: GraphRows, policy: schema.Policy, source: str) -> None:
    valid = {
        name: value.isoformat() if value else None
        for name, value in (("valid_from", policy.valid_from), ("valid_until", policy.valid_until))
    }
    policy_id = rows.node(
        "policy", policy.name, policy.name, source, [policy.english, *policy.topics], english=policy.english,
        body=policy.answer, data={"questions": policy.questions, **valid},
    )  # fmt: skip
    for name in policy.applies_to:
        kind = "product" if ("product", name) in rows.nodes else "product_line"
        rows.edge(policy_id, "applies_to", rows.id_of(kind, name))


def _add_faq(rows: GraphRows, faq: schema.Faq, source: str) -> None:
    faq_id = rows.node("faq", faq.question, faq.question, source, body=faq.answer, data={"also": faq.also})
    about = [("product", product) for product in faq.products]
    about += [("product_line", faq.line)] if faq.line else []
    # The same function may belong to several lines; meant is that of the entry's products or line.
    lines = {rows.lines[product] for product in faq.products} or {faq.line} - {None}
    keys = [f"{line}/{faq.function}" for line in sorted(lines or set(rows.lines.values()))]
    about += [("function", key) for key in keys if ("function", key) in rows.nodes]
    for kind, key in about:
        rows.edge(faq_id, "about", rows.id_of(kind, key))


def _add_passage(rows: GraphRows, passage: manuals.Passage, source: str) -> None:
    key = heading = f"{passage.manual}/{passage.title}"
    repeated = 1
    while ("passage", key) in rows.nodes:  # sections may have the same heading
        repeated += 1
        key = f"{heading} ({repeated})"
    name = f"{passage.manual} {passage.title}"
    passage_id = rows.node("passage", key, name, f"{source}#{passage.title}"[:255], body=passage.text)
    for kind, product in rows.nodes:
        if kind == "product" and product.replace(" ", "-") == passage.manual:
            rows.edge(passage_id, "describes", rows.id_of("product", product))
            break
