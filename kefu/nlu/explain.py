"""``python -m kefu.nlu.explain TEXT``: where a request would go, and why (``make explain-route``)."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import structlog
from rasa.core.agent import load_agent

from kefu.db import company_time, utcnow
from kefu.knowledge.categories import Category, classify, ticket_kind_of
from kefu.knowledge.entries import Mentions
from kefu.knowledge.service import catalog
from kefu.nlu.mood import MOOD
from kefu.tickets.routing import CHANNELS, LEVELS, MOODS, Case, Route, route, rules


def main(arguments: Sequence[str] | None = None) -> int:
    """Understands the text as the assistant does, then prints category, route and reasons."""
    options = _options(arguments)
    logging.disable(logging.WARNING)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    parsed = asyncio.run(_parse(options.model, options.text))
    intent = parsed["intent"]["name"]
    category = categorise(options.text, intent, parsed["entities"])
    case = Case(
        kind=ticket_kind_of(intent),
        urgency=category.urgency,
        line=category.line,
        function=category.function,
        problem_type=category.problem_type,
        level=options.level,
        channel=options.channel,
        mood=options.mood or parsed[MOOD]["name"],
        urged=options.urged,
        text=options.text,
        at=utcnow(),
    )
    print(explanation(intent, parsed["intent"]["confidence"], case, route(case)))
    return 0


def categorise(text: str, intent: str, entities: Sequence[dict]) -> Category:
    """The category of a first message, by what understanding found in it."""
    graph = catalog().graph

    def values(kind: str) -> tuple[str, ...]:
        return tuple(str(e["value"]) for e in entities if e["entity"] == kind)

    products = tuple(name for name in values("product") if graph.get(f"product:{name}"))
    lines = tuple(name for name in values("product_line") if graph.get(f"product_line:{name}"))
    mentions = Mentions(products, lines, values("function"), values("symptom"), values("error_code"))
    line = graph.line_of(products[0]) if products else next(iter(lines), None)
    found = catalog().find(text, mentions, intent, limit=1)
    fault = found[0].fact if found and found[0].sure and found[0].fact.kind == "fault" else None
    named = (node for said in values("function") for node in graph.named("function", said))
    function = next((node.name for node in named if line in (None, node.data["line"])), None)
    return classify(intent, text, line, function, fault)


def explanation(intent: str, confidence: float, case: Case, decided: Route) -> str:
    """What was decided, for people."""
    path = " / ".join(part for part in (case.line, case.function, case.problem_type) if part) or "-"
    lines = [
        f"intent      {intent} ({confidence:.2f})",
        f"ticket      {case.kind}, {case.urgency}, {path}",
        f"customer    {case.level}, {case.mood}, urged {case.urged} times, channel {case.channel or '-'}",
        f"queue       {decided.queue} ({rules().queues[decided.queue].zh}), skill {decided.skill}",
        f"priority    {decided.priority}",
        f"answer by   {_shown(decided.respond_by)}",
        f"done by     {_shown(decided.resolve_by)}",
        "because",
    ]
    return "\n".join(lines + [f"  {field:<9} {value:<12} {rule}" for field, value, rule in decided.reasons])


def _shown(moment: datetime) -> str:
    return f"{company_time(moment):%Y-%m-%d %H:%M}"


async def _parse(model: Path, text: str) -> dict:
    agent = await load_agent(str(model))
    return await agent.parse_message(text)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m kefu.nlu.explain", description=__doc__.splitlines()[0])
    parser.add_argument("text")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--level", choices=LEVELS, default=LEVELS[0])
    parser.add_argument("--mood", choices=MOODS, help="instead of the one that is seen in the text")
    parser.add_argument("--channel", choices=CHANNELS, default="")
    parser.add_argument("--urged", type=int, default=0)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
