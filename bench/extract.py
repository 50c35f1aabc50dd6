"""``python -m bench.extract``: how much of manuals and tickets is read right (``make bench-extract``).

Ours beside what the graph's names and the headings alone give, on manuals and tickets of other trades that
were annotated apart from the code; and how well entries that say the same are told from others.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench import agreement
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

#: From these on a candidate and a relation count as sure.
_SURE, _SURE_RELATION = 0.8, 0.65
_DATA = ROOT / "tests" / "extraction"
Reader = Callable[[Document], Sequence[Candidate]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; a goal that is missed is reported, it is no failure."""
    parser = argparse.ArgumentParser(prog="python -m bench.extract", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=_DATA, help="folder of manuals, tickets and pairs")
    parser.add_argument("--size", action="store_true", help="time large amounts instead")
    parser.add_argument("--agreement", action="store_true", help="compare two annotators instead")
    parser.add_argument("--errors", action="store_true", help="list what was missed and what was wrong")
    options = parser.parse_args(arguments)
    if options.size:
        measure()
        return 0
    if options.agreement:
        agreement.measure(options.data)
        return 0
    try:
        manuals, tickets, pairs = (
            read_manuals(options.data), read_tickets(options.data), read_pairs(options.data)
        )  # fmt: skip
    except (FileError, OSError, ValueError) as error:
        print(error)
        return 1
    graph = _graph()
    if manuals or tickets:
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
        goals += _fusion(pairs, options.errors)
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
    own, sure, others = ((Counts(), Counts()) for _ in range(3))
    started = time.perf_counter()
    read = [ours(annotated.document) for annotated in part]
    seconds = time.perf_counter() - started
    for annotated, candidates in zip(part, read, strict=True):
        missed, wrong = count(annotated, candidates, *own)
        count(annotated, candidates, *totals)
        count(annotated, _sure(candidates), *sure)
        count(annotated, rival(annotated.document), *others)
        if show:
            print(f"\n{annotated.document.name}: {annotated.document.text[:200]!r}")
            print("   missed", [(e["kind"], e["text"]) for e in missed])
            print("   wrong ", [(c.kind, c.name) for c in wrong])
    print(f"{len(part)} {what} read in {seconds:.1f} s", flush=True)
    for name, mine, surer, theirs in zip(("Entities", "Relations"), own, sure, others, strict=True):
        heading(f"{name} of {len(part)} {what}")
        rows = [
            (kind or "all", mine.number(kind), mine.precision(kind), mine.recall(kind),
             surer.precision(kind), surer.recall(kind), theirs.precision(kind), theirs.recall(kind))
            for kind in (*kinds((mine, theirs)), None)
        ]  # fmt: skip
        table(
            ("", "number", "queue: precision", "recall", "sure: precision", "recall",
             "names+headings: precision", "recall"),
            rows,
        )  # fmt: skip


def _sure(candidates: Sequence[Candidate]) -> list[Candidate]:
    """What the queue shows first: the candidates and relations that are likeliest right."""
    return [
        replace(c, relations=tuple(r for r in c.relations if r.confidence >= _SURE_RELATION))
        for c in candidates
        if c.confidence >= _SURE
    ]


def _fusion(pairs: Sequence[dict], show: bool) -> list[Goal]:
    from kefu.knowledge.comparison import Described
    from kefu.knowledge.fusion import SAME
    from kefu.knowledge.labelled import Labelled, unrelated
    from kefu.knowledge.likeness import probabilities

    entries = [tuple(Described.of_row(pair["kind"], pair[side]) for side in "ab") for pair in pairs]
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for pair, (a, b), chance in zip(pairs, entries, probabilities(entries), strict=True):
        told = chance >= SAME
        for group in (pair["kind"], "all"):
            counts[group][0] += told and pair["same"]
            counts[group][1] += told and not pair["same"]
            counts[group][2] += not told and pair["same"]
        if show and told != pair["same"]:
            label = "same" if pair["same"] else "not the same"
            print(f"{label}, {chance:.2f}: {pair['kind']}: {a.name}: {a.text} | {b.name}: {b.text}")
    heading(f"Fusion of {len(pairs)} pairs")
    rows = [
        (group, right / max(1, right + wrong), right / max(1, right + missed), _f1(right, wrong, missed))
        for group, (right, wrong, missed) in sorted(counts.items(), key=lambda item: item[0] == "all")
    ]
    table(("", "precision", "recall", "F1"), rows)
    told = [Labelled("", a, b, pair["same"]) for pair, (a, b) in zip(pairs, entries, strict=True)]
    strange = unrelated(told, np.random.default_rng(0))
    merged = float(np.mean(probabilities([(pair.a, pair.b) for pair in strange]) >= SAME))
    return [
        Goal.at_least("pairwise F1 of fusion", rows[-1][-1], 0.90),
        Goal.at_most(f"share of {len(strange)} unrelated pairs merged", merged, 0.05),
    ]


def _f1(right: int, wrong: int, missed: int) -> float:
    return 2 * right / max(1, 2 * right + wrong + missed)


if __name__ == "__main__":
    raise SystemExit(main())
