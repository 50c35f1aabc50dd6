"""From a document to candidates."""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from kefu.knowledge.extraction.candidates import Candidate, Relation, Source
from kefu.knowledge.extraction.documents import Block, Builder, Document
from kefu.knowledge.extraction.mentions import Link, Mention
from kefu.knowledge.extraction.names import GraphNames
from kefu.knowledge.extraction.readers import read
from kefu.knowledge.extraction.reading import LEAST, Reading
from kefu.knowledge.extraction.training import Model, model
from kefu.knowledge.extraction.vocabulary import vocabulary
from kefu.knowledge.graph import Graph
from kefu.language.normalize import fold

#: So much text below a heading explains what the heading names.
_BODY = 2000
#: A relation less likely than this is not told, nor one that is less likely with both its ends.
_HOLDS, _WITH_ENDS = 0.5, 0.25


def extract_file(path: Path, graph: Graph | None = None) -> list[Candidate]:
    """What a manual suggests for the graph.

    Raises:
        DocumentError: The file can't be read.
    """
    return extract(read(path), graph)


def ticket_document(
    name: str, subject: str = "", description: str = "", notes: Sequence[str] = (), solution: str = "",
    turns: Sequence[tuple[str, str]] = (),
) -> Document:  # fmt: skip
    """A closed ticket or an operator's chat as a document.

    Args:
        name: Its number.
        subject: Of the ticket.
        description: What the customer told.
        solution: What helped.
        notes: What staff wrote down.
        turns: Who said what, in order.

    Raises:
        DocumentError: There is no text at all.
    """
    builder = Builder(name, told=True)
    for text in (subject, description, *(f"{who}: {said}" for who, said in turns), *notes, solution):
        if text.strip():
            builder.paragraph(text)
    return builder.build()


def extract(document: Document, graph: Graph | None = None, trained: Model | None = None) -> list[Candidate]:
    """What a document suggests for the graph, in the order of the text.

    Args:
        document: What to read.
        graph: What is known; its names are found whatever they look like.
        trained: The model to use instead of the present one.
    """
    known = GraphNames(graph) if graph is not None else None
    reading = Reading(document, trained or model(), vocabulary(), known)
    return _candidates(reading, graph)


_NONE = Relation("", "", "", 0.0)

#: Kind and folded name; a spec's value, too: two values are two specs.
Key = tuple[str, str, str]


def _key(mention: Mention) -> Key:
    value = f"{mention.value}{mention.unit or ''}" if mention.kind == "spec" and mention.value else ""
    return mention.kind, fold(mention.text), value


def _candidates(reading: Reading, graph: Graph | None) -> list[Candidate]:
    """Mentions of one kind and name are one candidate."""
    groups: dict[Key, list[Mention]] = defaultdict(list)
    for mention in sorted(reading.mentions, key=lambda m: m.start):
        if mention.confidence >= LEAST and fold(mention.text):
            groups[_key(mention)].append(mention)
    relations = _relations(reading.links, groups)
    places = _Places(reading.document)
    lines = {m.text for m in reading.subjects if m.kind == "product_line"}
    found = []
    for key, mentions in groups.items():
        best = max(mentions, key=lambda m: (m.confidence, -m.start))
        about = relations.get(key, ())
        products = [r.target_name for r in about if r.target_kind == "product"]
        products += [
            groups[source][0].text
            for source, those in relations.items()
            if source[0] == "product" and any((r.target_kind, fold(r.target_name)) == key[:2] for r in those)
        ]
        line = next((r.target_name for r in about if r.target_kind == "product_line"), None)
        if line is None and graph is not None and products:
            line = graph.line_of(products[0])
        if line is None and len(lines) == 1 and best.kind not in ("product_line", "product"):
            line = next(iter(lines))
        valued = next((m for m in mentions if m.value), best)
        found.append(
            Candidate(
                best.kind, best.text,
                tuple(dict.fromkeys(m.text for m in mentions if m.text != best.text)),
                places.body(best), next((m.steps for m in mentions if m.steps), ()), valued.value,
                valued.unit,
                line, tuple(dict.fromkeys(products)), about, places.source(best),
                round(best.confidence, 3),
            )
        )  # fmt: skip
    return found


def _relations(links: Iterable[Link], groups: dict[Key, list[Mention]]) -> dict[Key, tuple[Relation, ...]]:
    """The relations that hold, by the candidate that they start from."""
    held: dict[Key, dict[Relation, Relation]] = defaultdict(dict)
    for link in links:
        source, target = _key(link.source), _key(link.target)
        if link.confidence < _HOLDS or source not in groups or target not in groups or source == target:
            continue
        best = max(groups[target], key=lambda m: (m.confidence, -m.start))
        sure = link.confidence * best.confidence * max(m.confidence for m in groups[source])
        relation = Relation(link.relation, link.target.kind, best.text, round(sure, 3))
        if sure >= _WITH_ENDS and sure > held[source].get(relation, _NONE).confidence:
            held[source].pop(relation, None)
            held[source][relation] = relation
    return {source: tuple(those) for source, those in held.items()}


class _Places:
    """Where mentions stand in their document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._blocks = list(document.blocks)
        self._starts = [block.spans[0].start for block in self._blocks]
        self._ends = re.compile(vocabulary().sentence_end)

    def source(self, mention: Mention) -> Source:
        """The sentence, the row or the heading around a mention."""
        block = self._block(mention)
        start, end = self._around(block, mention)
        return Source(self._document.name, block.heading, start, end, self._document.text[start:end])

    def body(self, mention: Mention) -> str:
        """The text below a heading that names something, else nothing."""
        position = bisect.bisect_right(self._starts, mention.start) - 1
        block = self._blocks[position]
        if block.kind != "heading" or mention.kind in ("product", "product_line"):
            return ""
        texts: list[str] = []
        for below in self._blocks[position + 1 :]:
            if below.kind == "heading" or sum(map(len, texts)) > _BODY:
                break
            texts += ["\t".join(cell.text for cell in row) for row in below.rows]
            texts += [item.text for item in below.items]
        return "\n".join(texts)[:_BODY]

    def _block(self, mention: Mention) -> Block:
        return self._blocks[bisect.bisect_right(self._starts, mention.start) - 1]

    def _around(self, block: Block, mention: Mention) -> tuple[int, int]:
        for row in block.rows:
            if row[0].start <= mention.start < row[-1].end:
                return row[0].start, row[-1].end
        item = next((i for i in block.items if i.start <= mention.start < i.end), None)
        if item is None:
            return mention.start, mention.end
        before = [m.end() for m in self._ends.finditer(item.text, 0, mention.start - item.start)]
        after = self._ends.search(item.text, mention.end - item.start)
        start = item.start + (before[-1] if before else 0)
        return start, item.start + after.end() if after else item.end
