"""The products that a question may choose from."""

from __future__ import annotations

from collections.abc import Sequence

from kefu.knowledge.asked import Asked
from kefu.knowledge.graph import Graph


class Scopes:
    """Finds what a question is about, in one edition; immutable."""

    def __init__(self, graph: Graph) -> None:
        """Looks products up in the graph."""
        self._graph = graph
        self.products = [product.name for product in graph.of_kind("product")]

    def of(
        self, asked: Asked, products: Sequence[str], product: str | None, among: Sequence[str]
    ) -> list[str]:
        """The products to choose from: those named, of the lines named, shown last, or like the last."""
        left_out = {*asked.excluded, *self.of_lines(asked.excluded_lines)}
        if len(products) > 1:
            scope = list(products)
        elif asked.lines:
            scope = self.of_lines(asked.lines)
        elif among:
            scope = [name for name in self.products if name in among]
        else:
            line = self._graph.line_of(product) if product else None
            scope = self.of_lines([line]) if line and not asked.excluded_lines else self.products
        return [name for name in scope if name not in left_out]

    def of_lines(self, lines: Sequence[str]) -> list[str]:
        """The products of lines."""
        return [product.name for line in lines for product in self._graph.products_of(line)]
