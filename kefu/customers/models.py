"""Tables of customers, of the identities by which channels know them, and of what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, DateTime, Float, ForeignKey, Index, Integer, String

from kefu.db import Base, utcnow


class Customer(Base):
    """A person. Every identity begins as a customer of its own; linking puts several under one.

    Attributes:
        id: Random; of no meaning outside these tables.
        conversation: The conversation (Rasa's ``sender_id``) in which this customer speaks now, whichever
            channel they use. It is the home of one of the identities.
        phone: A number that was proved, as ``+8613800000000``; nobody else has it.
        level: ``normal`` or ``vip``: the highest of the identities'; customers never see it.
        language: What they chose to be answered in (``kefu.language.detect.CHOICES``); empty: as they write.
        style: ``short`` or ``detailed``, if they chose.
    """

    __tablename__ = "customers"

    id = Column(String(64), primary_key=True)
    conversation = Column(String(64), nullable=False)
    phone = Column(String(20), unique=True)
    level = Column(String(8), nullable=False, default="normal")
    language = Column(String(8))
    style = Column(String(8))
    created_at = Column(DateTime, nullable=False, default=utcnow)


class Identity(Base):
    """A person as one channel knows them: a browser, an account of the app, a WeChat openid.

    Attributes:
        id: Derived from ``subject`` so that it gives nothing away; also the id of the conversation that is
            this identity's own, to which it returns when a link is undone.
        subject: The channel's own name of the person where they are reached by it; empty for browsers.
        phone: The number that this very identity proved; it goes along when a link is undone.
        level: What it brought along or was given, and keeps when a link is undone.
        account: Keyed hash of an account that other channels know the person by, too (WeChat's unionid).
        apart_since: When the customer undid a link of this identity. Since then only a proof that they give
            themselves links it; what a login says by the way does not.
        open_form: The form that was open when this identity's own conversation was last answered.
        last_message_at: When a message last went through this identity's own conversation.
    """

    __tablename__ = "identities"

    id = Column(String(64), primary_key=True)
    channel = Column(String(16), nullable=False)
    subject = Column(String(128), nullable=False, default="", index=True)
    customer_id = Column(String(64), ForeignKey("customers.id"), nullable=False, index=True)
    phone = Column(String(20))
    level = Column(String(8), nullable=False, default="normal")
    account = Column(String(64), index=True)
    apart_since = Column(DateTime)
    open_form = Column(String(64))
    last_message_at = Column(DateTime)
    created_at = Column(DateTime, nullable=False, default=utcnow)


class Link(Base):
    """One linking of an identity with a customer: by which proof, and whether it was undone.

    Attributes:
        from_customer: Whose identity it was; nobody else's identity has been theirs since.
        proof: ``phone``, ``code``, ``account`` (login of the app) or ``unionid`` (WeChat).
    """

    __tablename__ = "identity_links"

    id = Column(Integer, primary_key=True)
    identity_id = Column(String(64), ForeignKey("identities.id"), nullable=False, index=True)
    from_customer = Column(String(64), nullable=False)
    to_customer = Column(String(64), nullable=False)
    proof = Column(String(16), nullable=False)
    at = Column(DateTime, nullable=False, default=utcnow)
    undone_at = Column(DateTime)


class LinkCode(Base):
    """A code shown to one identity; who enters it elsewhere, or scans it, holds both. Used once.

    Attributes:
        code_hash: HMAC of the code, so that reading the table opens nothing.
    """

    __tablename__ = "link_codes"

    code_hash = Column(String(64), primary_key=True)
    identity_id = Column(String(64), ForeignKey("identities.id"), nullable=False)
    expires_at = Column(DateTime, nullable=False)
    used_at = Column(DateTime)


class PhoneCode(Base):
    """A code sent to a phone, which the identity must give back.

    Attributes:
        identity_id: Nobody's once the customer was forgotten; ``phone`` is then hidden, too.
        attempts: How often a wrong code was given; after a few the code is void.
    """

    __tablename__ = "phone_codes"
    __table_args__ = (Index("ix_phone_codes_phone", "phone", "sent_at"),)

    id = Column(Integer, primary_key=True)
    identity_id = Column(String(64), ForeignKey("identities.id"), index=True)
    phone = Column(String(20), nullable=False)
    code_hash = Column(String(64), nullable=False)
    sent_at = Column(DateTime, nullable=False, default=utcnow)
    expires_at = Column(DateTime, nullable=False)
    attempts = Column(Integer, nullable=False, default=0)
    used_at = Column(DateTime)


@dataclass(frozen=True, order=True)
class Evidence:
    """Something that speaks for a fact about a customer (see ``CustomerFact``)."""

    identity: str
    name: str
    value: str
    at: datetime
    weight: float
    source: str


class CustomerFact(Base):
    """Something known of a customer, from what an identity said or did (`kefu.customers.profile`).

    Kept by identity: linking and unlinking need move nothing, a customer has what their identities have.

    Attributes:
        name: Which kind of fact (`profile.NAMES`).
        weight: How much spoke for it at ``at``; it fades from there on. Nothing where it was denied.
        since, at: When something first and last spoke for it.
        source: What did last: ``event:17`` (of the event log), ``ticket:GD...``, or ``correction``.
        corrected_by: Who confirmed or denied it: ``customer`` or ``account:7``; nothing where it was learned.
        corrected_at: When. What was before that no longer speaks for or against it.
    """

    __tablename__ = "customer_facts"
    __table_args__ = (Index("uq_customer_facts", "identity", "name", "value", unique=True),)

    id = Column(Integer, primary_key=True)
    identity = Column(String(128), nullable=False)
    name = Column(String(16), nullable=False)
    value = Column(String(200), nullable=False)
    weight = Column(Float, nullable=False)
    since = Column(DateTime, nullable=False)
    at = Column(DateTime, nullable=False)
    source = Column(String(64), nullable=False)
    corrected_by = Column(String(64))
    corrected_at = Column(DateTime)

    def faded(self, moment: datetime, half_life_days: float) -> float:
        """What is left of the weight at a later time."""
        days = max((moment - self.at).total_seconds(), 0) / 86400
        return self.weight * 0.5 ** (days / half_life_days)

    def take(self, evidence: Evidence, half_life_days: float) -> None:
        """Adds what speaks for the fact; what is older than a correction says nothing any more."""
        if self.corrected_at and evidence.at <= self.corrected_at:
            return
        latest = max(self.at, evidence.at)
        late = (latest - evidence.at).total_seconds() / 86400
        self.weight = self.faded(latest, half_life_days) + evidence.weight * 0.5 ** (late / half_life_days)
        if evidence.at >= self.at:
            self.source = evidence.source
        self.at, self.since = latest, min(self.since, evidence.at)


class ProfileCursor(Base):
    """Up to which event profiles have been learned; a single row."""

    __tablename__ = "profile_cursors"

    id = Column(Integer, primary_key=True)
    event_id = Column(Integer, nullable=False)
