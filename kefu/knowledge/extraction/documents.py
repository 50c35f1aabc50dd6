"""A text as extraction sees it: blocks that keep headings, steps and tables, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

#: A text of more characters is no manual; reading on would only take memory.
MAX_CHARACTERS = 5_000_000


class DocumentError(ValueError):
    """A file can't be read; the message names it and says why."""


@dataclass(frozen=True)
class Span:
    """A piece of a document: ``document.text[start:end] == text``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Block:
    """One part of a document.

    Attributes:
        kind: ``heading``, ``paragraph``, ``steps`` (numbered), ``list`` or ``table``.
        headings: The headings above it, outermost first; those of a heading end with itself.
        items: A paragraph's or heading's text, or one span for each step or point.
        rows: A table's cells, its header first; empty for other kinds.
        marked: What its items emphasise (bold).
    """

    kind: str
    headings: tuple[Span, ...]
    items: tuple[Span, ...] = ()
    rows: tuple[tuple[Span, ...], ...] = ()
    marked: tuple[Span, ...] = ()

    @property
    def spans(self) -> list[Span]:
        """All its pieces in the order of the text."""
        return [*self.items, *(cell for row in self.rows for cell in row)]

    @property
    def heading(self) -> str:
        """Where it stands, for people."""
        return " / ".join(span.text for span in self.headings)


@dataclass(frozen=True)
class Document:
    """A text that was read.

    Attributes:
        name: Of the file, the ticket or the chat.
        text: All blocks one after the other; spans count its characters.
        blocks: In the order of the text.
        told: Whether it tells of one case (a ticket, a chat), not of products in general.
    """

    name: str
    text: str
    blocks: tuple[Block, ...]
    told: bool = False


@dataclass
class Builder:
    """Puts a document together, block after block."""

    name: str
    told: bool = False
    _parts: list[str] = field(default_factory=list)
    _length: int = 0
    _blocks: list[Block] = field(default_factory=list)
    _path: list[tuple[int, Span]] = field(default_factory=list)

    def heading(self, level: int, text: str) -> None:
        """Begins a section; ``level`` 1 is the outermost."""
        if not text.strip():
            return
        self._path = [(above, span) for above, span in self._path if above < level]
        span = self._add(text)
        self._path.append((level, span))
        self._blocks.append(Block("heading", self._above(), (span,)))

    def paragraph(self, text: str, marked: Sequence[str] = ()) -> None:
        """Adds running text; ``marked`` are the words in it that are emphasised, in order."""
        self._items("paragraph", [text], marked)

    def steps(self, items: Iterable[str]) -> None:
        """Adds numbered steps, without their numbers."""
        self._items("steps", items)

    def points(self, items: Iterable[str], marked: Sequence[str] = ()) -> None:
        """Adds a list without numbers; ``marked`` as in a paragraph."""
        self._items("list", items, marked)

    def table(self, rows: Sequence[Sequence[str | None]]) -> None:
        """Adds a table whose first row is its header; rows without any text are left out."""
        filled = [[(cell or "").strip() for cell in row] for row in rows]
        filled = [row for row in filled if any(row)]
        if filled:
            width = max(map(len, filled))
            cells = tuple(
                tuple(self._add(cell, "\t") for cell in row + [""] * (width - len(row))) for row in filled
            )
            self._blocks.append(Block("table", self._above(), rows=cells))
            self._parts.append("\n")
            self._length += 1

    def build(self) -> Document:
        """The document.

        Raises:
            DocumentError: It holds no text.
        """
        text = "".join(self._parts)
        if not text.strip():
            raise DocumentError(f"{self.name}: holds no text (scanned pages need text recognition first)")
        return Document(self.name, text, tuple(self._blocks), self.told)

    def _items(self, kind: str, items: Iterable[str], marked: Sequence[str] = ()) -> None:
        spans = tuple(self._add(item) for item in items if item.strip())
        if spans:
            self._blocks.append(Block(kind, self._above(), spans, marked=tuple(_places(spans, marked))))

    def _above(self) -> tuple[Span, ...]:
        return tuple(span for _, span in self._path)

    def _add(self, text: str, end: str = "\n") -> Span:
        text = text.strip().replace("\x00", "")
        span = Span(self._length, self._length + len(text), text)
        self._parts += (text, end)
        self._length += len(text) + len(end)
        if self._length > MAX_CHARACTERS:
            raise DocumentError(f"{self.name}: holds more than {MAX_CHARACTERS:,} characters")
        return span


def _places(items: Sequence[Span], marked: Sequence[str]) -> Iterator[Span]:
    """Where words stand that follow each other in ``items``."""
    rest = list(marked)
    for item in items:
        last = 0
        while rest and (at := item.text.find(rest[0], last)) >= 0:
            last = at + len(rest[0])
            yield Span(item.start + at, item.start + last, rest.pop(0))
