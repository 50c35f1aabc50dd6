"""What was found in a text and may become an entry of the graph."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Relation:
    """A candidate stands in ``relation`` (one of ``kefu.knowledge.models.RELATIONS``) to another entry.

    Attributes:
        relation: How, read as ``candidate relation target``.
        target_kind: Kind of the other entry, which may be a candidate or already in the graph.
        target_name: Its name.
        confidence: How likely it is right, both ends included, 0 to 1.
    """

    relation: str
    target_kind: str
    target_name: str
    confidence: float = field(default=1.0, compare=False)


@dataclass(frozen=True)
class Source:
    """Where a candidate was found.

    Attributes:
        document: Name of the file, the ticket or the chat.
        heading: The headings above the place, joined by ``" / "``.
        start, end: Characters of the document's text (``Document.text``).
        quote: ``text[start:end]``.
    """

    document: str
    heading: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True)
class Candidate:
    """An entry that a document suggests.

    Attributes:
        kind: One of ``kefu.knowledge.models.KINDS``.
        name: How the document calls it; that of a spec is what is specified (a battery's capacity).
        aliases: Other ways in which it is called.
        body: Text that answers: a policy's wording, a fault's description; may be empty.
        steps: What to do, one step each, in order.
        value: A spec's value, as written, without its unit.
        unit: The value's unit, as written.
        line: Name of the product line, if known.
        products: Names of the products that it is about.
        relations: How it hangs together with other entries.
        source: Where it stands.
        confidence: How likely it is right, 0 to 1.
    """

    kind: str
    name: str
    aliases: tuple[str, ...]
    body: str
    steps: tuple[str, ...]
    value: str | None
    unit: str | None
    line: str | None
    products: tuple[str, ...]
    relations: tuple[Relation, ...]
    source: Source
    confidence: float
