"""Routes for those who keep the knowledge: what customers asked and nothing answered."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session

from kefu.console import views
from kefu.console.accounts import Me
from kefu.console.guard import allowed, transaction
from kefu.console.suggestions import suggest
from kefu.knowledge import service

router = APIRouter(prefix="/api")

_PAGE = 50


@router.get("/unanswered")
def unanswered(
    before: int | None = None, me: Me = allowed("knowledge"), session: Session = transaction()
) -> dict[str, Any]:
    """Questions without an answer, with what came nearest (0 to 100), and not by whom they were asked."""
    found = service.unanswered(session, before, _PAGE)
    questions = [
        {
            "id": one.id,
            "at": views.moment(one.asked_at),
            "text": one.text,
            "best": one.best_node,
            "score": one.score,
        }
        for one in found
    ]
    return {"questions": questions, "more": len(found) == _PAGE}


@router.get("/knowledge")
def search(
    q: str = Query(min_length=1, max_length=500),
    language: Literal["zh", "en"] = "zh",
    me: Me = allowed("knowledge"),
) -> dict[str, Any]:
    """What the knowledge says to a question now."""
    return {"suggestions": suggest(q, language)}
