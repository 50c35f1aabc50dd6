"""What customers ask and the knowledge does not answer, and what it answers and nobody asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sklearn.feature_extraction.text import TfidfVectorizer
from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.db import today, utcnow
from kefu.events import Event
from kefu.knowledge.confidence import SURE
from kefu.knowledge.models import StoredEntry, UnansweredQuestion
from kefu.language.normalize import normalize

#: Questions at least this alike, by their characters, are one cluster.
_ALIKE = 0.42
_NEWEST = 1000


@dataclass(frozen=True)
class Cluster:
    """Unanswered questions that ask the same.

    Attributes:
        text: The most usual one.
        others: Other wordings.
        count: How often it was asked.
        last_at: When it was asked last.
        best, score: The entry that came nearest, and how near (0 to 100).
    """

    text: str
    others: tuple[str, ...]
    count: int
    last_at: datetime
    best: str | None
    score: int


@dataclass(frozen=True)
class Use:
    """How an entry fared over a while.

    Attributes:
        asked: How often it was the best answer.
        answered: How often it was given for sure.
        helped: How often a customer said that it helped.
        last_at: When it was the best answer last.
    """

    asked: int = 0
    answered: int = 0
    helped: int = 0
    last_at: datetime | None = None


def clusters(session: Session, days: int = 30) -> list[Cluster]:
    """The newest unanswered questions, those together that ask the same; the most asked first."""
    since = utcnow() - timedelta(days=days)
    query = select(UnansweredQuestion).where(UnansweredQuestion.asked_at >= since)
    questions = session.scalars(query.order_by(UnansweredQuestion.id.desc()).limit(_NEWEST)).all()
    if not questions:
        return []
    found = [_cluster([questions[i] for i in group]) for group in _groups([one.text for one in questions])]
    return sorted(found, key=lambda cluster: (-cluster.count, -cluster.last_at.timestamp()))


def use(session: Session, days: int = 90) -> dict[str, Use]:
    """How entries fared, by ref; those without any use are not in it."""
    since = utcnow() - timedelta(days=days)
    query = select(Event.kind, Event.at, Event.data).where(
        Event.kind.in_(("question.asked", "answer.helped")), Event.at >= since
    )
    asked, answered, helped, last = Counter(), Counter(), Counter(), {}
    for kind, at, data in session.execute(query):
        ref = data.get("best" if kind == "question.asked" else "ref")
        if ref is None:
            continue
        if kind == "answer.helped":
            helped[ref] += 1
            continue
        asked[ref] += 1
        answered[ref] += (data.get("score") or 0) >= SURE
        last[ref] = max(last.get(ref, at), at)
    refs = set(asked) | set(helped)
    return {ref: Use(asked[ref], answered[ref], helped[ref], last.get(ref)) for ref in refs}


def is_dead(entry: StoredEntry) -> bool:
    """Whether an entry answers no more: it is out of force, or was set aside."""
    until = (entry.content or {}).get("valid_until")
    return entry.problem is not None or bool(until and until < today().isoformat())


def _groups(texts: Sequence[str]) -> list[list[int]]:
    """Leader clustering over character n-grams: each text joins the first leader that is alike."""
    normal = [normalize(text).text or text for text in texts]
    vectors = TfidfVectorizer(analyzer="char", ngram_range=(1, 2)).fit_transform(normal)
    alike = (vectors @ vectors.T).tocsr()
    groups: list[list[int]] = []
    taken: set[int] = set()
    for leader in range(len(texts)):
        if leader in taken:
            continue
        row = alike.getrow(leader)
        near = [
            i for i, score in zip(row.indices, row.data, strict=True) if score >= _ALIKE and i not in taken
        ]
        group = sorted({leader, *near})
        taken.update(group)
        groups.append(group)
    return groups


def _cluster(questions: Sequence[UnansweredQuestion]) -> Cluster:
    texts = Counter(one.text for one in questions)
    (text, _), *others = texts.most_common(8)
    newest = max(questions, key=lambda one: one.asked_at)
    return Cluster(
        text, tuple(other for other, _ in others), len(questions), newest.asked_at, newest.best_node,
        newest.score,
    )  # fmt: skip
