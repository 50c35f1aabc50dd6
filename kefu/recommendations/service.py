"""Use cases of recommendations: what to offer, which product suits, what came of it, and learning from it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zlib import crc32

import numpy as np
from scipy import sparse
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from kefu.customers.profile import Profile, all_devices, profile_of
from kefu.customers.service import customers_of
from kefu.db import session_scope, utcnow
from kefu.events import Event
from kefu.knowledge.graph import Fact, Graph
from kefu.knowledge.snapshot import Snapshot
from kefu.recommendations import feedback
from kefu.recommendations.filtering import Interactions, Model, fit
from kefu.recommendations.models import RecommendationModel
from kefu.recommendations.offers import Offers, offers
from kefu.recommendations.ranking import Choice, Situation, choose, price_of, segment_of

logger = logging.getLogger(__name__)

#: Models kept besides the one in use, to go back to.
_KEPT = 3
#: Moods of -1 and below are unhappy and angry ones: who is halfway there is left alone.
_UNHAPPY = -0.5
#: Things that fewer customers have are left out: what they have in common would be chance, and theirs alone.
_FEW = 20
#: A budget is meant as about so much.
_TOLERANCE = 1.1


@dataclass(frozen=True)
class Wish:
    """What a customer says they want.

    Attributes:
        line: Of which product line; any if they did not say.
        needs: What they told of their homes (`data/offers.yml`).
        budget: In yuan.
        offers: Which offers they speak of, by their ids; any if they did not say.
        has: Products that they have just said to have.
    """

    line: str | None = None
    needs: frozenset[str] = frozenset()
    budget: int | None = None
    offers: frozenset[str] = frozenset()
    has: tuple[str, ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether a product can be chosen by it."""
        return bool(self.needs or self.budget is not None)


class _Current(Snapshot[Model | None]):
    """The model in use; none before the first was learned."""

    def newest(self) -> int | None:
        with session_scope() as session:
            return session.scalar(select(func.max(RecommendationModel.id)))

    def build(self) -> tuple[int | None, Model | None]:
        with session_scope() as session:
            query = select(RecommendationModel).order_by(RecommendationModel.id.desc()).limit(1)
            row = session.scalar(query)
            return (row.id, Model.load(row.body)) if row else (None, None)


model = _Current()


def recommend(
    session: Session, conversation: str, key: str, graph: Graph, wish: Wish, asked: bool
) -> Choice | None:
    """What to offer to the customer to whom ``conversation`` belongs; none if nothing suits them.

    Unasked nothing is offered to who was offered something a short while ago, or is in a bad mood lately.

    Args:
        session: The caller's transaction.
        conversation: Whose.
        key: Identifies the message: handled again it gets the same offer.
        graph: The products.
        wish: What they said they want.
        asked: Whether they asked.
    """
    catalogue = offers()
    profile, past = profile_of(session, conversation), feedback.past_of(session, conversation)
    if not asked and not _welcome(catalogue, profile, past):
        return None
    profile = replace(profile, devices=tuple(dict.fromkeys((*wish.has, *profile.devices))))
    affinity, together = _learned(profile, past)
    ids = [offer.id for offer in catalogue.offers]
    situation = Situation(
        profile, past, wish.needs, wish.budget, wish.line, affinity, together,
        feedback.counts_of(session, ids, segment_of(profile, graph)), wish.offers, asked,
    )  # fmt: skip
    return choose(catalogue, graph, situation, np.random.default_rng(crc32(key.encode())))


def _welcome(catalogue: Offers, profile: Profile, past: feedback.Past) -> bool:
    pause = timedelta(hours=catalogue.pause_hours)
    rested = past.shown_at is None or utcnow() - past.shown_at >= pause
    return rested and (profile.mood is None or profile.mood > _UNHAPPY)


def note(
    session: Session, conversation: str, customer: str, key: str, outcome: str, offer: str, graph: Graph,
    asked: bool,
) -> None:  # fmt: skip
    """Records what came of an offer; see `feedback.note`."""
    segment = segment_of(profile_of(session, conversation), graph)
    feedback.note(session, key, customer, outcome, offer, segment, asked)


def products_for(wish: Wish, graph: Graph) -> list[tuple[Fact, frozenset[str]]]:
    """The products that suit a wish, each with the needs that it suits; the best first.

    What is over the budget is left out. Where needs are told and some product suits one, others are, too.
    """
    catalogue = offers()
    products = graph.products_of(wish.line) if wish.line else graph.of_kind("product")
    if wish.budget is not None:
        limit = wish.budget * _TOLERANCE
        products = [product for product in products if (price_of(product.data["price"]) or 0) <= limit]
    suited = [(p, wish.needs & frozenset(catalogue.suits.get(p.name, ()))) for p in products]
    if any(needs for _, needs in suited):
        suited = [(product, needs) for product, needs in suited if needs]
    # Of those that suit as well, a small home or purse the cheapest, anybody else the best.
    cheap = bool(wish.needs & {"small", "simple"})
    sign = 1 if cheap else -1
    return sorted(suited, key=lambda pair: (-len(pair[1]), sign * (price_of(pair[0].data["price"]) or 0)))


def _learned(profile: Profile, past: feedback.Past) -> tuple[dict[str, float], dict[str, float]]:
    """What the learned model says for this customer of each thing (at most 1), and what goes with theirs.

    Nothing for strangers, and of things that few customers have.
    """
    learned = model()
    positions = {item: position for position, item in enumerate(learned.items)} if learned else {}
    theirs = [f"product:{device}" for device in profile.devices] + [f"offer:{one}" for one in past.accepted]
    columns = [positions[item] for item in theirs if item in positions]
    if not columns:
        return {}, {}
    ones = np.ones(len(columns), dtype=np.float32)
    history = sparse.csr_matrix((ones, ([0] * len(columns), columns)), shape=(1, len(positions)))
    near = np.asarray((history @ learned.neighbours).todense())[0]
    scores = learned.scores(history)[0]
    most = max(float(scores[np.isfinite(scores)].max(initial=0.0)), 1e-9)
    affinity = {item: float(scores[at]) / most for item, at in positions.items() if np.isfinite(scores[at])}
    return affinity, {item: float(near[at]) for item, at in positions.items()}


def refresh() -> int:
    """Learns a new model from what customers have and took; in use everywhere seconds later.

    It is put in place as one row: no reader ever sees half of it, and the one before serves until then.

    Returns:
        From how many interactions it was learned.
    """
    with session_scope() as session:
        found = _interactions(session)
    frequent = Counter(item for _, item, _ in found)
    found = [one for one in found if frequent[one[1]] >= _FEW]
    users = {customer: number for number, customer in enumerate(dict.fromkeys(c for c, _, _ in found))}
    items = {item: number for number, item in enumerate(dict.fromkeys(i for _, i, _ in found))}
    past = Interactions(
        np.array([users[c] for c, _, _ in found], dtype=int),
        np.array([items[i] for _, i, _ in found], dtype=int),
        np.array([at.timestamp() for _, _, at in found]), (len(users), len(items)),
    )  # fmt: skip
    body = fit(past, list(items)).dump()
    with session_scope() as session:
        newest = RecommendationModel(body=body)
        session.add(newest)
        session.flush()
        old = select(RecommendationModel.id).order_by(RecommendationModel.id.desc()).offset(_KEPT + 1)
        stale = list(session.scalars(old))
        if stale:
            session.execute(delete(RecommendationModel).where(RecommendationModel.id.in_(stale)))
    logger.info("recommendations.learned: %s interactions, %s things", len(found), len(items))
    return len(found)


def _interactions(session: Session) -> list[tuple[str, str, datetime]]:
    """Which customer has or took which thing, since when."""
    had = [(who, f"product:{product}", at) for who, product, at in all_devices(session)]
    taken = select(Event).where(Event.kind == "offer.accepted").order_by(Event.id)
    had += [(e.customer, f"offer:{e.data['offer']}", e.at) for e in session.scalars(taken) if e.customer]
    whose = customers_of(session, _first(had))
    return sorted({(whose[who], item): (whose[who], item, at) for who, item, at in had}.values())


def _first(rows: Iterable[tuple]) -> list:
    return [row[0] for row in rows]
