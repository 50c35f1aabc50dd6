"""``python -m kefu.knowledge.extraction FILE...``: what manuals suggest for the graph (``make extract``)."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from kefu.config import SettingsError, settings
from kefu.knowledge.extraction.candidates import Candidate
from kefu.knowledge.extraction.documents import DocumentError
from kefu.knowledge.extraction.examples import read_examples
from kefu.knowledge.extraction.service import extract_file
from kefu.knowledge.extraction.training import fingerprint, train
from kefu.knowledge.extraction.vocabulary import FOLDER
from kefu.rulebook import RuleError


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints candidates for people, or as JSON; ``train`` learns from the examples anew."""
    parser = argparse.ArgumentParser(prog="python -m kefu.knowledge.extraction")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="manuals; or the word train")
    parser.add_argument("--json", action="store_true", help="for machines")
    options = parser.parse_args(arguments)
    try:
        if options.files == [Path("train")]:
            train(read_examples(), settings().var_dir / "extraction" / fingerprint(FOLDER))
            return 0
        candidates = [found for path in options.files for found in extract_file(path)]
    except (DocumentError, RuleError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps([asdict(candidate) for candidate in candidates], ensure_ascii=False, indent=1))
    else:
        _report(candidates)
    return 0


def _report(candidates: Sequence[Candidate]) -> None:
    for candidate in candidates:
        value = f" = {candidate.value} {candidate.unit or ''}".rstrip() if candidate.value else ""
        place = f"{candidate.source.document}: {candidate.source.heading}".rstrip(": ")
        print(f"{candidate.confidence:.2f}  {candidate.kind}  {candidate.name}{value}   [{place}]")
        print(f"      | {candidate.source.quote[:120]!r}")
        for step in candidate.steps:
            print(f"      - {step}")
        for relation in candidate.relations:
            print(f"      -> {relation.relation} {relation.target_kind}: {relation.target_name}")


if __name__ == "__main__":
    raise SystemExit(main())
