"""How far the confidence of knowledge search can be believed, and what its coefficients should be."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

from bench.corpora import Query
from bench.data import messages
from bench.report import heading, table
from kefu.config import ROOT
from kefu.knowledge.confidence import PLACE, POSSIBLE, SURE, features
from kefu.knowledge.entries import Found
from kefu.knowledge.search import Entry

Asked = Sequence[tuple[Query, list[Found]]]
_OTHERS = ROOT / "data" / "nlu" / "general.yml"
_LINES = (0.4, 0.5, 0.6, 0.7, 0.8)


def show_confidence(what: str, asked: Asked) -> None:
    """What the lines do, answer, ask back or refuse, and what others in place of ``SURE`` would do."""
    heading(f"Confidence on {what} (sure from {SURE}, possible from {POSSIBLE})")
    parts = {
        "with an answer": [item for item in asked if item[0].ids],
        "without one": [item for item in asked if not item[0].ids],
    }
    rows = []
    for name, part in parts.items():
        sure, right = answered(part, lambda best: best.sure)
        possible, _ = answered(part, lambda best: best.possible)
        rows.append((name, len(part), sure, possible - sure, 1 - possible, right))
    table(("", "number", "answered", "asked back", "refused", "of the answered, right"), rows)
    rows = []
    for line in _LINES:
        above, right = answered(parts["with an answer"], lambda best: best.confidence >= line)  # noqa: B023
        wrongly, _ = answered(parts["without one"], lambda best: best.confidence >= line)  # noqa: B023
        rows.append((f"{line:.2f}", above, right, wrongly))
    table(("line", "above it", "of these, right", "above it without an answer"), rows)


def answered(asked: Asked, enough: Callable[[Found], bool]) -> tuple[float, float]:
    """Share of questions whose best find is good enough, and how many of these are right."""
    best = [(query, found[0]) for query, found in asked if found and enough(found[0])]
    right = sum(item.fact.ref in query.ids for query, item in best)
    return len(best) / max(len(asked), 1), right / max(len(best), 1)


def calibrate(
    ask: Callable[[Query, int], list[Found]], questions: Sequence[Query], entries: Sequence[Entry]
) -> None:
    """Fits the coefficients of ``kefu.knowledge.confidence`` and prints them.

    The questions avoid the words of their entries; customers often use them. As many phrasings of the
    entries themselves are asked, too, and half as many messages about something else altogether.

    Args:
        ask: Finds the best facts for a question.
        questions: With and without an answer.
        entries: What is searched.
    """
    known: dict[str, set[str]] = {}
    for entry in entries:
        for phrasing in entry.phrasings:
            known.setdefault(phrasing, set()).add(entry.id)
    chance = random.Random(1)
    sample = chance.sample(sorted(known), min(len(questions), len(known)))
    asked = [*questions, *(Query(text, frozenset(known[text])) for text in sample)]
    strange = [m.get("text") for m in messages(_OTHERS) if m.get("intent") == "out_of_scope"]
    asked += [Query(text, frozenset()) for text in chance.sample(strange, len(questions) // 2)]
    signs, right = [], []
    for query in asked:
        found = ask(query, PLACE)
        if found:
            scores = [item.score for item in found]
            signs.append(features(scores[0], found[0].contrast, scores))
            right.append(found[0].fact.ref in query.ids)
    model = LogisticRegression(C=100).fit(np.array(signs), right)
    numbers = ", ".join(f"{number:.2f}" for number in (*model.coef_[0], model.intercept_[0]))
    print(f"RATIO, SCORE, CONTRAST, OFFSET = {numbers}  # from {len(signs)} questions")
