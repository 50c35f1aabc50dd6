"""Which offer suits a customer best now, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np

from kefu.customers.profile import Profile
from kefu.db import utcnow
from kefu.knowledge.graph import Graph
from kefu.recommendations.feedback import Counts, Past, rate_drawn
from kefu.recommendations.offers import Offer, Offers, Reason

#: How strongly a reason speaks for an offer: its most telling condition counts.
_STRENGTHS = {"needs": 1.0, "faults": 1.0, "known_days": 0.8, "topics": 0.8, "together": 0.6, "owns": 0.5}
_GENERAL = 0.2
#: From here on an offer is worth mentioning to somebody who did not ask.
TELLING = 0.5
#: What the customers with the same devices have counts so much beside the reason.
_TOGETHER = 0.5
#: Things that share fewer of their customers (cosine) are not said to go together.
_AFFINE = 0.2


@dataclass(frozen=True)
class Situation:
    """What is known when a recommendation is to be made.

    Attributes:
        profile, past: Of the customer.
        needs, budget: What they have just said of themselves; the budget in yuan.
        line: The product line spoken of, if any.
        offers: Which ones they asked for, by their ids; any if they did not say.
        affinity: What the learned model says of each thing (`product:C2`, `offer:...`), 0 to 1.
        together: How often each thing goes with what they have (cosine).
        counts: What came of each offer in the customer's segment.
        asked: Whether they asked for a recommendation.
    """

    profile: Profile
    past: Past
    needs: frozenset[str] = frozenset()
    budget: int | None = None
    line: str | None = None
    affinity: Mapping[str, float] = field(default_factory=dict)
    together: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[str, Counts] = field(default_factory=dict)
    offers: frozenset[str] = frozenset()
    asked: bool = True


@dataclass(frozen=True)
class Choice:
    """An offer for a customer.

    Attributes:
        device: Their product that it fits, if any.
        strength: How much speaks for it, 0 to about 1.5.
    """

    offer: Offer
    reason: Reason
    device: str | None
    strength: float


def segment_of(profile: Profile, graph: Graph) -> str:
    """With whom the customer is counted: the line of their first device, or ``-``."""
    lines = (graph.line_of(device) for device in profile.devices)
    return next((line for line in lines if line), "-")


def choose(
    catalogue: Offers, graph: Graph, situation: Situation, chance: np.random.Generator
) -> Choice | None:
    """The offer to be made, or none.

    Offers compete by a drawn rate of takers (see `feedback.rate_drawn`) times how much speaks for each.
    """
    found = [choice for offer in catalogue.offers if (choice := _fitting(offer, catalogue, graph, situation))]
    if not situation.asked:
        found = [choice for choice in found if choice.strength >= TELLING and not choice.reason.general]
    counts = situation.counts
    worth = [rate_drawn(counts.get(c.offer.id, Counts()), chance) * c.strength**2 for c in found]
    return found[int(np.argmax(worth))] if found else None


def _fitting(offer: Offer, catalogue: Offers, graph: Graph, situation: Situation) -> Choice | None:
    """The offer with the best reason for this customer; none where it does not suit them."""
    if _is_out(offer, catalogue, graph, situation):
        return None
    devices = [device for device in situation.profile.devices if device in offer.fits]
    if offer.fits and not devices:
        return None
    if situation.line:  # 门锁有什么推荐: only what goes with that
        devices = [device for device in devices if graph.line_of(device) == situation.line]
        sold = graph.line_of(offer.product) if offer.product else None
        if not devices and sold != situation.line:
            return None
    for device in devices or [None]:
        for reason in offer.reasons:
            if _holds(reason, offer, device, graph, situation):
                strength = _strength(reason) + _TOGETHER * _of(offer, situation.affinity)
                return Choice(offer, reason, device, strength)
    return None


def _is_out(offer: Offer, catalogue: Offers, graph: Graph, situation: Situation) -> bool:
    """Whether they have it, refused it, took it, can't pay it, or saw it a short while ago."""
    past = situation.past
    if situation.offers and offer.id not in situation.offers:
        return True
    if offer.id in past.refused or offer.id in past.accepted:
        return True
    names = [*offer.fits, *([offer.product] if offer.product else [])]
    if offer.fits and not any(graph.get(f"product:{name}") for name in names):
        return True  # of another company
    if offer.answer and graph.get(offer.answer) is None:
        return True
    if offer.product:
        sold = graph.get(f"product:{offer.product}")
        if sold is None or offer.product in situation.profile.devices:
            return True
        if situation.budget is not None and (price_of(sold.data["price"]) or 0) > situation.budget:
            return True
    last = past.last_shown.get(offer.id)
    recent = last is not None and utcnow() - last < timedelta(days=catalogue.again_after_days)
    return recent and not situation.asked


def _holds(reason: Reason, offer: Offer, device: str | None, graph: Graph, situation: Situation) -> bool:
    profile, line = situation.profile, graph.line_of(device) if device else None
    if reason.needs and not situation.needs & set(reason.needs):
        return False
    if reason.topics and not any(set(_path(topic)) & set(reason.topics) for topic in _topics(profile, line)):
        return False
    if reason.faults and faults(profile, graph, line) < reason.faults:
        return False
    if reason.known_days:
        known = profile.known("device", device or "")
        if known is None or utcnow() - known.since > timedelta(days=reason.known_days):
            return False
    if reason.together and _of(offer, situation.together) < _AFFINE:
        return False
    return not reason.owns or device is not None


def faults(profile: Profile, graph: Graph, line: str | None) -> float:
    """How many faults of a line were spoken of lately; old ones count for less."""
    problems = {fault.data["problem_type"] for fault in graph.of_kind("fault") if fault.data["line"] == line}
    topics = (fact for fact in profile.facts if fact.name == "topic" and fact.value.count("/") == 2)
    # A whole count is not reached by what faded a little: two of this week are two.
    total = sum(
        fact.weight for fact in topics if _path(fact.value)[0] == line and _path(fact.value)[2] in problems
    )
    return round(total, 1)


def _topics(profile: Profile, line: str | None) -> Iterable[str]:
    return (
        f.value for f in profile.facts if f.name == "topic" and (line is None or _path(f.value)[0] == line)
    )


def _path(topic: str) -> Sequence[str]:
    return topic.split("/")


def _strength(reason: Reason) -> float:
    return max((_STRENGTHS[name] for name in _STRENGTHS if getattr(reason, name)), default=_GENERAL)


def _of(offer: Offer, scores: Mapping[str, float]) -> float:
    refs = [f"offer:{offer.id}", *([f"product:{offer.product}"] if offer.product else [])]
    return max((scores.get(ref, 0.0) for ref in refs), default=0.0)


def price_of(said: str) -> int | None:
    """The first number of a price as the knowledge has it: ``1899`` of 1899 yuan."""
    digits = "".join(c if c.isdigit() else " " for c in said.replace(",", "")).split()
    return int(digits[0]) if digits else None
