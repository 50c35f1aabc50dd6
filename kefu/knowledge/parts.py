"""Questions of several parts over policies: which are shown, and tell each part."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from kefu.knowledge.agreement import agrees, asks, presumes
from kefu.knowledge.confidence import PRESUMED
from kefu.knowledge.entries import Catalog, Found, Mentions
from kefu.knowledge.exclusion import excludes_itself
from kefu.language.normalize import normalize

#: Where one part of a question ends; one that says less is not looked up by itself, nor are those of a story.
_PARTS, _LEAST_PART, _MOST_PARTS = re.compile(r"[,;?!.\s]+(?![a-z\d])"), 4, 6
#: Among so many entries policies are compared; what all of a question says of one counts so much beside what
#: its parts do, of which the best count.
_COMPARED, _WHOLE, _PARTS_COUNTED = 40, 2.0, 2
#: From this share of the best score on, what is for the product named goes before what is for all.
_AS_LIKELY = 0.8
#: So many facts are shown beside the best one, and so many are found to choose them from.
BESIDE, FOUND = 2, 6


def found_in_parts(catalog: Catalog, text: str, mentions: Mentions, intent: str) -> list[Found]:
    """What is found for a question; where it asks about policies, these first, by all and by its parts.

    Args:
        catalog: The edition.
        text: As typed.
        mentions: What the message names.
        intent: What the message asks for.
    """
    found = catalog.find(text, mentions, intent, limit=FOUND, in_force=False)
    if not found or intent != "ask_policy":
        return found
    several = parts_of(text) if len(parts_of(text)) > 1 else []
    if not several and found[0].fact.kind == "faq" and found[0].confidence >= PRESUMED:
        return found
    parts = [text, *several]
    whole, *others = [_policies(catalog, part, mentions) for part in parts]
    scores = {
        ref: _WHOLE * whole[ref].score + sum(sorted(_scores(others, ref))[-_PARTS_COUNTED:]) for ref in whole
    }
    ranked = [whole[ref] for ref in sorted(scores, key=scores.__getitem__, reverse=True)]
    if not ranked:
        return found
    ranked = _told_surely(ranked, parts[1:], others)
    shown = [_surest(one, others) for one in ranked[: 1 + BESIDE]]
    is_likely_else = found[0].confidence >= PRESUMED or not catalog.questions.is_of_policies(
        text, surely=True
    )
    if not shown[0].possible and is_likely_else:
        return found
    shown = _own_first(catalog, shown, mentions.products)
    return [*shown, *(one for one in found if one.fact.kind != "policy")][:FOUND]


def _told_surely(
    ranked: list[Found], parts: Sequence[str], told: Sequence[Mapping[str, Found]]
) -> list[Found]:
    """Puts the policy that surely tells a part that asks before the last shown, which may tell no part."""
    best = [
        max(one.values(), key=lambda found: found.score)
        for part, one in zip(parts, told, strict=True)
        if one and asks(part)
    ]
    shown = {one.fact.ref for one in ranked[: 1 + BESIDE]}
    missing = [one for one in best if one.sure and one.fact.ref not in shown]
    if not missing:
        return ranked
    return _shown_last(ranked, max(missing, key=lambda found: found.confidence).fact.ref)


def _shown_last(ranked: list[Found], ref: str) -> list[Found]:
    """Puts one of what was found in the last place that is shown."""
    moved = [one for one in ranked if one.fact.ref == ref]
    return [*ranked[:BESIDE], *moved, *(one for one in ranked[BESIDE:] if one.fact.ref != ref)]


def _own_first(catalog: Catalog, shown: list[Found], products: Sequence[str]) -> list[Found]:
    """Puts the policy for the products named before the one for all that says as much (locks' warranty)."""
    best = shown[0]
    if not products or catalog.graph.products_about(best.fact.ref):
        return shown
    own = (one for one in shown[1:] if catalog.graph.products_about(one.fact.ref) & set(products))
    near = next((one for one in own if one.score >= _AS_LIKELY * best.score), None)
    if near is None:
        return shown
    sure = replace(near, confidence=max(near.confidence, best.confidence))
    return [sure, *(one for one in shown if one is not near)]


def _surest(found: Found, parts: Sequence[Mapping[str, Found]]) -> Found:
    """What was found, as sure as for the part of the question that it fits best: it fits all of it less."""
    ref = found.fact.ref
    return replace(found, confidence=max([found.confidence, *(p[ref].confidence for p in parts if ref in p)]))


def _policies(catalog: Catalog, text: str, mentions: Mentions) -> dict[str, Found]:
    found = catalog.find(text, mentions, "ask_policy", limit=_COMPARED, in_force=False)
    return {one.fact.ref: one for one in found if one.fact.kind == "policy"}


def _scores(parts: Sequence[Mapping[str, Found]], ref: str) -> list[float]:
    return [part[ref].score for part in parts if ref in part]


def all_agrees(catalog: Catalog, text: str, found: Sequence[Found], mentions: Mentions, intent: str) -> bool:
    """Whether the best fact tells what is asked for, or it and policies beside it each part of that.

    What only states and demands is not taken apart: in its parts nothing excludes itself any more.

    Args:
        catalog: The edition.
        text: As typed.
        found: Best first.
        mentions: What the message names.
        intent: What the message asks for.
    """
    if agrees(catalog, text, found[0].fact, mentions, intent):
        return True
    shown = [one.fact for one in found[: 1 + BESIDE] if one.possible and one.fact.kind == "policy"]
    parts = parts_of(text)
    return (
        intent == "ask_policy"
        and len(shown) > 1
        and (asks(text) or not excludes_itself(text))
        and bool(parts)
        and all(any(agrees(catalog, part, fact, mentions, intent) for fact in shown) for part in parts)
    )


def is_likely(
    catalog: Catalog, text: str, found: Sequence[Found], mentions: Mentions, in_parts: bool
) -> bool:
    """Whether what is found is likely enough, if the question or a part of it takes something for granted.

    Args:
        catalog: The edition.
        text: As typed.
        found: Best first.
        mentions: What the message names.
        in_parts: Whether policies are shown for the parts of the question.
    """
    if found[0].confidence >= PRESUMED or not presumes(text):
        return True
    shown = {one.fact.ref for one in found[: 1 + BESIDE]}
    presuming = [part for part in parts_of(text) if presumes(part)] if in_parts else []
    told = [_policies(catalog, part, mentions) for part in presuming]
    return bool(told) and all(
        any(part[ref].confidence >= PRESUMED for ref in shown if ref in part) for part in told
    )


def parts_of(text: str) -> list[str]:
    """The parts of a question that say enough to be looked up; none of a long story.

    Args:
        text: As typed.
    """
    parts = [part for part in _PARTS.split(normalize(text).text) if len(part) >= _LEAST_PART]
    return parts if len(parts) <= _MOST_PARTS else []
