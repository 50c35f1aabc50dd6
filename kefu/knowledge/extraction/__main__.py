"""``python -m kefu.knowledge.extraction FILE...``: what manuals suggest for the graph (``make extract``).

Candidates that say the same are shown as one, what the graph has already is named, and sources that do not
agree are shown side by side. Nothing is stored.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from kefu.config import SettingsError, settings
from kefu.db import migrate
from kefu.knowledge.extraction.candidates import Candidate
from kefu.knowledge.extraction.documents import DocumentError
from kefu.knowledge.extraction.service import extract_file
from kefu.knowledge.extraction.training import fingerprint, texts, train
from kefu.knowledge.extraction.vocabulary import FOLDER
from kefu.knowledge.files import KnowledgeError
from kefu.knowledge.fusion import Contradiction, contradictions, known_as, merge
from kefu.knowledge.graph import Graph
from kefu.knowledge.load import load
from kefu.knowledge.service import read_graph
from kefu.rulebook import RuleError


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints candidates for people, or as JSON; ``train`` learns from the examples anew."""
    parser = argparse.ArgumentParser(prog="python -m kefu.knowledge.extraction")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="manuals; or the word train")
    parser.add_argument("--json", action="store_true", help="for machines")
    options = parser.parse_args(arguments)
    try:
        if options.files == [Path("train")]:
            train(texts(), settings().var_dir / "extraction" / fingerprint(FOLDER))
            return 0
        migrate()
        load()
        _, graph = read_graph()
        found = [candidate for path in options.files for candidate in extract_file(path, graph)]
    except (DocumentError, KnowledgeError, RuleError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    differing = contradictions(found, graph)
    candidates = merge(found)
    if options.json:
        print(_json(candidates, differing, graph))
    else:
        _report(candidates, differing, graph)
    return 0


def _json(candidates: Sequence[Candidate], differing: Sequence[Contradiction], graph: Graph) -> str:
    rows = [
        {**asdict(c), "known_as": [{"ref": fact.ref, "same": round(p, 3)} for fact, p in known_as(c, graph)]}
        for c in candidates
    ]
    found = {"candidates": rows, "contradictions": [asdict(one) for one in differing]}
    return json.dumps(found, ensure_ascii=False, indent=1)


def _report(candidates: Sequence[Candidate], differing: Sequence[Contradiction], graph: Graph) -> None:
    for candidate in candidates:
        value = f" = {candidate.value} {candidate.unit or ''}".rstrip() if candidate.value else ""
        place = f"{candidate.source.document}: {candidate.source.heading}".rstrip(": ")
        also = f" ({', '.join(candidate.aliases)})" if candidate.aliases else ""
        print(f"{candidate.confidence:.2f}  {candidate.kind}  {candidate.name}{also}{value}   [{place}]")
        print(f"      | {' '.join(candidate.source.quote.split())[:120]}")
        for step in candidate.steps:
            print(f"      - {step}")
        for relation in candidate.relations:
            print(f"      -> {relation.relation} {relation.target_kind}: {relation.target_name}")
        for fact, chance in known_as(candidate, graph):
            print(f"      = {fact.ref} ({chance:.2f})")
    for one in differing:
        print(f"\ncontradiction: {one.subject}, {one.attribute}")
        for side in one.sides:
            print(f"      {side.said[:100]!r}   [{side.document}]")


if __name__ == "__main__":
    raise SystemExit(main())
