"""The table of wishes to be forgotten."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Integer, String

from kefu.db import Base, utcnow


class Erasure(Base):
    """A wish to be forgotten, and what remains of it: that it was fulfilled, and when.

    Attributes:
        identity: One of the customer's; nothing once they are forgotten.
        asked_by: ``customer``, ``account:ID`` of a colleague, ``token:ID`` of another system, or ``command``.
        done_at: When no table held anything of them any more.
        cleaned_at: When the bytes were gone from the database's files, too.
    """

    __tablename__ = "erasures"

    id = Column(Integer, primary_key=True)
    identity = Column(String(64), unique=True)
    asked_by = Column(String(64), nullable=False)
    asked_at = Column(DateTime, nullable=False, default=utcnow)
    done_at = Column(DateTime)
    cleaned_at = Column(DateTime)
