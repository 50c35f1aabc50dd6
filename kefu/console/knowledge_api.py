"""Routes for those who keep the knowledge: what nothing answered, the test box, the graph."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from kefu.console import trial, views
from kefu.console.accounts import Me
from kefu.console.guard import allowed, transaction
from kefu.console.refusals import not_found
from kefu.knowledge import coverage, service

router = APIRouter(prefix="/api")

#: So many neighbours of a node are named.
_NEIGHBOURS = 200


@router.get("/unanswered")
def clusters(me: Me = allowed("knowledge"), session: Session = transaction()) -> dict[str, Any]:
    """Questions without an answer, those together that ask the same."""
    found = [
        {
            "text": one.text,
            "others": one.others,
            "count": one.count,
            "last_at": views.moment(one.last_at),
            "best": one.best,
            "score": one.score,
        }
        for one in coverage.clusters(session)
    ]
    return {"clusters": found}


@router.get("/knowledge")
def attempt(
    q: str = Query(min_length=1, max_length=500),
    language: Literal["zh", "en"] = "zh",
    me: Me = allowed("knowledge"),
) -> dict[str, Any]:
    """What would be answered to a question now, and why."""
    return trial.attempt(q, language)


@router.get("/graph")
def neighbourhood(ref: str = Query("", max_length=280), me: Me = allowed("knowledge")) -> dict[str, Any]:
    """A node with its neighbours and the edges among them; without ``ref``, the product lines."""
    graph = service.catalog().graph
    centre = graph.get(ref)
    if ref and centre is None:
        raise not_found("node")
    facts = [centre, *graph.neighbours(ref)] if centre else graph.of_kind("product_line")
    shown = {fact.ref: fact for fact in facts[: _NEIGHBOURS + 1]}
    return {
        "nodes": [{"ref": fact.ref, "kind": fact.kind, "name": fact.name} for fact in shown.values()],
        "edges": [
            {"source": source, "relation": relation, "target": target}
            for source, relation, target in graph.edges_among(shown)
        ],
        "more": max(0, len(facts) - len(shown)),
        "text": centre.body if centre else "",
        "source": centre.source if centre else "",
    }
