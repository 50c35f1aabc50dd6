"""What came of offers: recorded with the customer, counted by offer and segment, and read back as a rate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from kefu.customers.service import circle
from kefu.events import Event, record_once
from kefu.recommendations.models import OfferOutcome

#: What can come of an offer, in the order in which it may.
OUTCOMES = ("shown", "clicked", "accepted", "refused")
#: What is believed of an offer that nobody has seen: one in ten takes it, which five showings would outweigh.
_PRIOR_RATE, _PRIOR_WEIGHT = 0.1, 5.0
#: A look at the details counts for so much of a taker.
_CLICK = 0.3
_COUNT = {
    outcome: text(
        "INSERT INTO offer_outcomes (offer, segment, shown, clicked, accepted, refused)"
        f" VALUES (:offer, :segment, {', '.join(str(int(name == outcome)) for name in OUTCOMES)})"
        f" ON CONFLICT (offer, segment) DO UPDATE SET {outcome} = offer_outcomes.{outcome} + 1"
    )
    for outcome in OUTCOMES
}


@dataclass(frozen=True)
class Counts:
    """What came of an offer so far."""

    shown: int = 0
    clicked: int = 0
    accepted: int = 0
    refused: int = 0

    def after(self, accepted: bool) -> Counts:
        """The counts after one more showing that was taken or refused."""
        change = {"accepted": self.accepted + 1} if accepted else {"refused": self.refused + 1}
        return replace(self, shown=self.shown + 1, **change)

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, name) + getattr(other, name) for name in OUTCOMES))

    @property
    def beta(self) -> tuple[float, float]:
        """The two parameters of what is believed about its rate of takers."""
        taken = self.accepted + _CLICK * max(self.clicked - self.accepted, 0)
        left = max(self.shown - taken, 0.0)
        return _PRIOR_WEIGHT * _PRIOR_RATE + taken, _PRIOR_WEIGHT * (1 - _PRIOR_RATE) + left


def rate_expected(counts: Counts) -> float:
    """The rate of takers to be expected."""
    taken, left = counts.beta
    return taken / (taken + left)


def rate_drawn(counts: Counts, chance: np.random.Generator) -> float:
    """A rate of takers drawn from what is believed: what is little known gets its chances (Thompson)."""
    return float(chance.beta(*counts.beta))


@dataclass(frozen=True)
class Past:
    """What a customer was offered before.

    Attributes:
        refused, accepted: Offers by their ids.
        shown_at: When something was last shown to them unasked.
        last_shown: When each offer was last shown to them.
    """

    refused: frozenset[str]
    accepted: frozenset[str]
    shown_at: datetime | None
    last_shown: dict[str, datetime]


def note(
    session: Session, key: str, customer: str, outcome: str, offer: str, segment: str, asked: bool
) -> None:
    """Records what came of an offer, once for each message.

    Args:
        session: The caller's transaction.
        key: Identifies the message.
        customer: The identity that speaks.
        outcome: One of ``OUTCOMES``.
        offer: Its id.
        segment: The customer's.
        asked: Whether they had asked for a recommendation.
    """
    kind = f"offer.{outcome}"
    if record_once(session, kind, f"{key}:{offer}", customer, offer=offer, segment=segment, asked=asked):
        session.execute(_COUNT[outcome], {"offer": offer, "segment": segment})


def past_of(session: Session, conversation: str) -> Past:
    """What the customer to whom ``conversation`` belongs was offered, over all their channels."""
    kinds = [f"offer.{outcome}" for outcome in OUTCOMES]
    query = select(Event).where(Event.customer.in_(circle(session, conversation)), Event.kind.in_(kinds))
    events = list(session.scalars(query.order_by(Event.id)))
    shown = [event for event in events if event.kind == "offer.shown"]
    unasked = [event.at for event in shown if not event.data["asked"]]
    return Past(
        frozenset(_offers(events, "offer.refused")),
        frozenset(_offers(events, "offer.accepted")),
        max(unasked, default=None),
        {event.data["offer"]: event.at for event in shown},
    )


def counts_of(session: Session, offers: Iterable[str], segment: str) -> dict[str, Counts]:
    """What came of offers in a segment; what came of them in all others counts a tenth."""
    query = select(OfferOutcome).where(OfferOutcome.offer.in_(list(offers)))
    found: dict[str, Counts] = {}
    for row in session.scalars(query):
        share = 1.0 if row.segment == segment else 0.1
        part = Counts(*(getattr(row, name) * share for name in OUTCOMES))
        found[row.offer] = found.get(row.offer, Counts()) + part
    return found


def _offers(events: Iterable[Event], kind: str) -> set[str]:
    return {event.data["offer"] for event in events if event.kind == kind}
