"""What entries may refer to: whether it is there, and whether a name is still free."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import cached_property
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.knowledge.items import EditError, Item
from kefu.knowledge.models import Alias, Edge, Node
from kefu.language.normalize import fold

#: Kinds in which no name, however it is spelled, may lead to two entries; of these, the later two by line.
_NAMED = ("product_line", "product", "function", "fault")


class World(Protocol):
    """Everything else that the company's knowledge holds."""

    def has(self, kind: str, key: str) -> bool:
        """Whether there is such an entry."""

    def line_of(self, product: str) -> str | None:
        """The line of a product."""

    def lines_with(self, function: str) -> list[str]:
        """The lines that have a function of this name, sorted."""

    def owners(self, item: Item) -> Iterable[tuple[str, str]]:
        """Names, folded, of the entries that an entry's names must differ from, with their keys."""


class Entries:
    """The world as it is in memory.

    Args:
        items: All entries by ref.
    """

    def __init__(self, items: dict[str, Item]) -> None:
        self._items = items

    def has(self, kind: str, key: str) -> bool:
        """Whether there is such an entry."""
        return f"{kind}:{key}" in self._items

    def line_of(self, product: str) -> str | None:
        """The line of a product."""
        item = self._items.get(f"product:{product}")
        return item.line if item else None

    def lines_with(self, function: str) -> list[str]:
        """The lines that have a function of this name, sorted."""
        return self._functions[function]

    def owners(self, item: Item) -> Iterable[tuple[str, str]]:
        """Names of other entries, with their keys."""
        mine = names_of(item)
        named = self._named[_scope(item.kind, item.line)]
        return ((name, key) for name in mine for key in named.get(name, ()))

    @cached_property
    def _functions(self) -> dict[str, list[str]]:
        lines: dict[str, list[str]] = defaultdict(list)
        for item in self._items.values():
            if item.kind == "function":
                lines[item.name].append(item.line)
        return defaultdict(list, {name: sorted(of) for name, of in lines.items()})

    @cached_property
    def _named(self) -> dict[tuple, dict[str, list[str]]]:
        named: dict[tuple, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for item in self._items.values():
            if item.kind in _NAMED:
                for name in names_of(item):
                    named[_scope(item.kind, item.line)][name].append(item.key)
        return named


class Stored:
    """The world as the graph's tables have it, asked in the caller's transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def has(self, kind: str, key: str) -> bool:
        """Whether there is such an entry."""
        return self._session.scalar(select(Node.id).filter_by(kind=kind, key=key)) is not None

    def line_of(self, product: str) -> str | None:
        """The line of a product."""
        target = Node.__table__.alias()
        return self._session.scalar(
            select(target.c.name)
            .join(Edge, Edge.target_id == target.c.id)
            .join(Node, Node.id == Edge.source_id)
            .where(Node.kind == "product", Node.key == product, Edge.relation == "in_line")
        )

    def lines_with(self, function: str) -> list[str]:
        """The lines that have a function of this name, sorted."""
        keys = self._session.scalars(select(Node.key).filter_by(kind="function", name=function))
        return sorted(key.removesuffix(f"/{function}") for key in keys)

    def owners(self, item: Item) -> Iterable[tuple[str, str]]:
        """Names of other entries, with their keys."""
        query = select(Alias.text, Node.english, Node.key).join(Node, Node.id == Alias.node_id)
        query = query.where(Node.kind == item.kind)
        if item.kind in ("function", "fault"):
            query = query.where(Node.key.startswith(f"{item.line}/", autoescape=True))
        for text, english, key in self._session.execute(query):
            yield fold(text), key
            if english:
                yield fold(english), key


def check(item: Item, world: World, problem_types: Collection[str]) -> None:
    """Checks what an entry says of others.

    Raises:
        EditError: It refers to what is not there, or one of its names leads to another entry already.
    """
    for field, kind, key in _referred(item, world):
        if not world.has(kind, key):
            raise EditError(f"{key} is not defined", field, "unknown_reference")
    if item.kind == "fault" and item.entry.problem_type not in problem_types:
        raise EditError(f"{item.entry.problem_type} is not defined", "problem_type", "unknown_reference")
    if item.kind == "faq" and item.entry.function and not _lines_meant(item, world):
        raise EditError(f"{item.entry.function} is not defined", "function", "unknown_reference")
    if item.kind in _NAMED:
        mine = names_of(item)
        for name, key in world.owners(item):
            if key != item.key and name in mine:
                raise EditError(f"{mine[name]} already names {key}", "aliases", "name_taken")


def names_of(item: Item) -> dict[str, str]:
    """Every name of an entry, by how it is folded."""
    entry = item.entry
    names = [item.name, *getattr(entry, "aliases", ()), getattr(entry, "title", None), entry.english]
    return {fold(name): name for name in names if name}


def _referred(item: Item, world: World) -> Iterable[tuple[str, str, str]]:
    """What must be there: ``(field, kind, key)``."""
    entry = item.entry
    if item.line:
        yield "line", "product_line", item.line
    if item.kind == "policy":
        for name in entry.applies_to:
            yield "applies_to", "product" if world.has("product", name) else "product_line", name
    if item.kind == "faq" and entry.line:
        yield "line", "product_line", entry.line
    if item.kind in ("function", "fault", "faq"):
        for product in entry.products:
            yield "products", "product", product
            if item.line and world.has("product", product) and world.line_of(product) != item.line:
                raise EditError(f"{product} is not of {item.line}", "products", "unknown_reference")
    if item.kind == "fault" and entry.function:
        yield "function", "function", f"{item.line}/{entry.function}"


def _lines_meant(item: Item, world: World) -> bool:
    lines = world.lines_with(item.entry.function)
    meant = {world.line_of(product) for product in item.entry.products} or {item.entry.line} - {None}
    return any(not meant or line in meant for line in lines)


def _scope(kind: str, line: str | None) -> tuple[str, str | None]:
    return kind, line if kind in ("function", "fault") else None
