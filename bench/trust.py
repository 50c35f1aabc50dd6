"""``python -m bench.trust``: how often a trick question is answered wrongly (``make bench-trust``).

Asks for the decision that the actions follow (`kefu.knowledge.trust`), without an intent. An answer is wrong
when it rests on an entry that is not among the right ones; a denial, a question back and an offer of help are
not.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.company import Company
from bench.corpora import Query, read_queries
from bench.graph import ASKED_BACK
from bench.report import Goal, finish, heading, table
from kefu.config import ROOT
from kefu.knowledge.trust import Decision

#: Replies that ask back, or say that nobody knows.
_ASKED_BACK = ASKED_BACK | {"unknown"}
_TESTS = ROOT / "tests" / "search"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; a goal that is missed is reported, it is no failure."""
    parser = argparse.ArgumentParser(prog="python -m bench.trust", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--tricks", type=Path, default=_TESTS / "tricks.jsonl", help="see tests/search/README.md"
    )
    parser.add_argument("--errors", action="store_true", help="list what was answered wrongly")
    options = parser.parse_args(arguments)
    company = Company()
    kinds: dict[str, list[bool]] = defaultdict(list)
    for line in options.tricks.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        decision = company.decide(Query(row["query"], frozenset(row["right"]), row["product"]))
        wrong = is_wrong(decision, row)
        kinds[row["type"]].append(wrong)
        if wrong and options.errors:
            print(f"{row['type']}: {row['query']}\n    {_told(decision)}, right: {row['right']}")
    heading("Trick questions answered wrongly with confidence")
    table(("type", "number", "wrong"), [(kind, len(found), sum(found)) for kind, found in kinds.items()])
    every = [wrong for found in kinds.values() for wrong in found]
    asked = [query for query in read_queries(_TESTS / "development.jsonl") if query.ids]
    answers = [(query, company.decide(query)) for query in asked]
    answers = [(query, made) for query, made in answers if made.kind in ("answer", "reply")]
    right = sum(not is_wrong(made, {"right": query.ids}) for query, made in answers) / max(len(answers), 1)
    share = sum(every) / len(every)
    at_once = len(answers) / len(asked)
    print(f"\nof {len(asked)} development questions with an answer, {at_once:.3f} are answered at once,")
    print(f"{right:.3f} of these right")
    finish("trust", [Goal.at_most("tricks answered wrongly with confidence", share, 0.03)])
    return 0


def is_wrong(decision: Decision, row: dict[str, Any]) -> bool:
    """Whether what is said rests on something else than the right entries."""
    right = set(row["right"])
    if decision.kind == "answer":
        return decision.found[0].fact.ref not in right
    reply = decision.reply
    if decision.kind != "reply" or reply is None or reply.kind in _ASKED_BACK:
        return False
    told = {fact.ref for facts in reply.evidence for fact in facts}
    told |= {f"product:{name}" for name in reply.products}
    if reply.kind == "has" and not any(reply.holds) or reply.kind == "fits" and not reply.products:
        return False
    return not told & right


def _told(decision: Decision) -> str:
    if decision.reply:
        return (
            f"{decision.reply.kind} {decision.reply.products} {decision.reply.wishes} {decision.reply.holds}"
        )
    return f"{decision.kind} {decision.found[0].fact.ref if decision.found else ''}"


if __name__ == "__main__":
    raise SystemExit(main())
