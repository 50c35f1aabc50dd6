"""``python -m bench.graph``: whether questions over several facts are answered exactly."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.company import Company
from bench.corpora import Query
from bench.report import Goal, finish, heading, table
from kefu.config import ROOT
from kefu.knowledge.trust import Decision

_TESTS = ROOT / "tests" / "search"
_GOAL = 0.85
#: Replies that ask back.
ASKED_BACK = frozenset({"which_line", "which_product", "which_case"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; a goal that is missed is reported, it is no failure."""
    parser = argparse.ArgumentParser(prog="python -m bench.graph", description=__doc__)
    parser.add_argument(
        "--questions", type=Path, default=_TESTS / "graph.jsonl", help="see tests/search/README.md"
    )
    parser.add_argument("--errors", action="store_true", help="list what was not answered exactly")
    options = parser.parse_args(arguments)
    company = Company()
    kinds: dict[str, list[bool]] = defaultdict(list)
    for line in options.questions.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        want = row["want"]
        decision = company.decide(Query(row["query"], frozenset()))
        exact = is_exact(decision, want)
        kinds[next(iter(want))].append(exact)
        if options.errors and not exact:
            reply = decision.reply
            told = (reply.kind, reply.products, reply.wishes, reply.holds) if reply else decision.kind
            print(f"{row['query']}\n    wanted {want}\n    told {told}")
    heading("Questions over several facts, answered exactly")
    table(("asked for", "number", "exact"), [(kind, len(found), sum(found)) for kind, found in kinds.items()])
    every = [exact for found in kinds.values() for exact in found]
    finish("graph", [Goal.at_least("answered exactly", sum(every) / len(every), _GOAL)])
    return 0


def is_exact(decision: Decision, want: dict[str, Any]) -> bool:
    """Whether exactly what is wanted is said."""
    reply = decision.reply
    best = decision.found[0].fact if decision.kind == "answer" else None
    if "ask" in want:
        return decision.kind == "choices" or bool(reply and reply.kind in ASKED_BACK)
    if "policies" in want:  # an answer shows one policy; what else is needed must be beside it
        shown = [item.fact for item in decision.found[:3]] if best else []
        return bool(best) and set(want["policies"]) <= {_policy(fact) for fact in shown}
    if "value" in want:
        facts = [facts[0] for facts in reply.evidence if facts] if reply else [best] if best else []
        return any(want["value"] in fact.body for fact in facts[:1])
    if reply is None:
        return False
    if "yes" in want:
        return reply.kind == "has" and all(holds is want["yes"] for holds in reply.holds)
    if "differs" in want:
        aspects = {
            fact.name.removeprefix(f"{product} ")
            for product, facts in zip(reply.products, reply.evidence, strict=True)
            for fact in facts
        }
        return reply.kind == "difference" and aspects == set(want["differs"])
    told = reply.products[: reply.first] if reply.kind == "most" else reply.products
    return reply.kind in ("fits", "most", "has") and set(told) == set(want["products"])


def _policy(fact) -> str:
    return fact.name if fact.kind == "policy" else ""


if __name__ == "__main__":
    raise SystemExit(main())
