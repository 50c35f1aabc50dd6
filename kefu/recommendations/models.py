"""Tables of recommendations: what came of offers, and the models learned from customers."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Integer, LargeBinary, String

from kefu.db import Base, utcnow


class OfferOutcome(Base):
    """How customers of a segment took to an offer; who took it and when is in the event log.

    Attributes:
        offer: Its id in ``data/offers.yml``.
        segment: Of whom (`kefu.recommendations.ranking.segment_of`).
        shown, clicked, accepted, refused: How often.
    """

    __tablename__ = "offer_outcomes"

    offer = Column(String(64), primary_key=True)
    segment = Column(String(64), primary_key=True)
    shown = Column(Integer, nullable=False, default=0)
    clicked = Column(Integer, nullable=False, default=0)
    accepted = Column(Integer, nullable=False, default=0)
    refused = Column(Integer, nullable=False, default=0)


class RecommendationModel(Base):
    """A model of which things customers have together; the newest is in use.

    Attributes:
        body: As `kefu.recommendations.filtering.Model.dump` writes it.
    """

    __tablename__ = "recommendation_models"

    id = Column(Integer, primary_key=True)
    at = Column(DateTime, nullable=False, default=utcnow)
    body = Column(LargeBinary, nullable=False)
