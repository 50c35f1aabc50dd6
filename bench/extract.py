"""``python -m bench.extract``: how much of manuals and tickets is read right (``make bench-extract``).

Ours beside what the graph's names and the headings alone give, on manuals and tickets of other trades that
were annotated apart from the code; and how well entries that say the same are told from others.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.annotations import Annotated, Counts, count, kinds, read_manuals, read_pairs, read_tickets
from bench.corpora import FileError
from bench.extract_size import measure
from bench.report import Goal, finish, heading, table
from kefu.config import ROOT
from kefu.knowledge.extraction.candidates import Candidate, Relation, Source
from kefu.knowledge.extraction.documents import Document
from kefu.knowledge.extraction.examples import relation_between
from kefu.knowledge.extraction.mentions import Mention
from kefu.knowledge.extraction.names import GraphNames
from kefu.knowledge.extraction.service import extract
from kefu.knowledge.extraction.training import model
from kefu.knowledge.extraction.vocabulary import vocabulary
from kefu.knowledge.graph import Graph

_DATA = ROOT / "tests" / "extraction"
Reader = Callable[[Document], Sequence[Candidate]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; a goal that is missed is reported, it is no failure."""
    parser = argparse.ArgumentParser(prog="python -m bench.extract", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=_DATA, help="folder of manuals, tickets and pairs")
    parser.add_argument("--size", action="store_true", help="time large amounts instead")
    parser.add_argument("--errors", action="store_true", help="list what was missed and what was wrong")
    options = parser.parse_args(arguments)
    if options.size:
        measure()
        return 0
    try:
        manuals, tickets, pairs = (
            read_manuals(options.data), read_tickets(options.data), read_pairs(options.data)
        )  # fmt: skip
    except (FileError, OSError, ValueError) as error:
        print(error)
        return 1
    graph = _graph()
    model()
    ours = _ours(graph)
    goals = []
    totals = Counts(), Counts()
    for what, part in (("manuals", manuals), ("tickets", tickets)):
        if part:
            _compare(what, part, ours, _baseline(graph), totals, options.errors)
    if manuals or tickets:
        entities, relations = totals
        goals += [
            Goal.at_least("precision of entities", entities.precision(), 0.90),
            Goal.at_least("recall of entities", entities.recall(), 0.80),
            Goal.at_least("precision of relations", relations.precision(), 0.90),
            Goal.at_least("recall of relations", relations.recall(), 0.80),
        ]
    if pairs:
        goals.append(_fusion(pairs, options.errors))
    finish("extract", goals)
    return 0


def _graph() -> Graph:
    from kefu.db import migrate
    from kefu.knowledge.load import load
    from kefu.knowledge.service import read_graph

    migrate()
    load()
    return read_graph()[1]


def _ours(graph: Graph) -> Reader:
    return lambda document: extract(document, graph)


def _baseline(graph: Graph) -> Reader:
    """Names of the graph and headings; what stands in one block hangs together."""
    known, words = GraphNames(graph), vocabulary()

    def read(document: Document) -> list[Candidate]:
        found: list[Candidate] = []
        for block in document.blocks:
            mentions = [m.moved(span.start) for span in block.spans for m in known(span.text)]
            above = " ".join(span.text for span in block.headings[:-1])
            for section, kind in (("faults", "fault"), ("functions", "function"), ("policies", "policy")):
                if block.kind == "heading" and re.search(words.sections[section], above):
                    span = block.items[0]
                    mentions.append(Mention(kind, span.start, span.end, span.text, 0.5, "heading"))
                    break
            found += [_plain(document, m, mentions) for m in mentions]
        return list({(c.kind, c.name): c for c in found}.values())

    return read


def _plain(document: Document, mention: Mention, around: Sequence[Mention]) -> Candidate:
    relations = tuple(
        Relation(relation, other.kind, other.text)
        for other in around
        if (relation := relation_between(mention.kind, other.kind))
    )
    source = Source(document.name, "", mention.start, mention.end, mention.text)
    return Candidate(
        mention.kind, mention.text, (), "", (), None, None, None, (), relations, source, mention.confidence
    )


def _compare(
    what: str,
    part: Sequence[Annotated],
    ours: Reader,
    rival: Reader,
    totals: tuple[Counts, Counts],
    show: bool,
) -> None:
    own, others = (Counts(), Counts()), (Counts(), Counts())
    started = time.perf_counter()
    read = [ours(annotated.document) for annotated in part]
    seconds = time.perf_counter() - started
    for annotated, candidates in zip(part, read, strict=True):
        missed, wrong = count(annotated, candidates, *own)
        count(annotated, candidates, *totals)
        count(annotated, rival(annotated.document), *others)
        if show:
            print(f"\n{annotated.document.name}: {annotated.document.text[:200]!r}")
            print("   missed", [(e["kind"], e["text"]) for e in missed])
            print("   wrong ", [(c.kind, c.name) for c in wrong])
    print(f"{len(part)} {what} read in {seconds:.1f} s", flush=True)
    for name, mine, theirs in zip(("Entities", "Relations"), own, others, strict=True):
        heading(f"{name} of {len(part)} {what}")
        rows = [
            (kind or "all", mine.number(kind), mine.precision(kind), mine.recall(kind),
             theirs.precision(kind), theirs.recall(kind))
            for kind in (*kinds((mine, theirs)), None)
        ]  # fmt: skip
        table(("", "number", "precision", "recall", "names+headings: precision", "recall"), rows)


def _fusion(pairs: Sequence[dict], show: bool) -> Goal:
    from kefu.knowledge.comparison import Described
    from kefu.knowledge.likeness import same

    right = wrong = missed = 0
    for pair in pairs:
        a, b = (Described.of_row(pair["kind"], pair[side]) for side in "ab")
        told = same(a, b) >= 0.5
        right += told and pair["same"]
        wrong += told and not pair["same"]
        missed += not told and pair["same"]
        if show and told != pair["same"]:
            print(
                "same" if pair["same"] else "not the same",
                pair["kind"],
                a.name,
                "|",
                b.name,
                round(same(a, b), 2),
            )
    precision, recall = right / max(1, right + wrong), right / max(1, right + missed)
    heading(f"Fusion of {len(pairs)} pairs")
    table(
        ("precision", "recall", "F1"), [(precision, recall, 2 * right / max(1, 2 * right + wrong + missed))]
    )
    return Goal.at_least("pairwise F1 of fusion", 2 * right / max(1, 2 * right + wrong + missed), 0.90)


if __name__ == "__main__":
    raise SystemExit(main())
