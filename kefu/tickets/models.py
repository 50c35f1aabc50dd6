"""Tables of tickets and the behaviour that belongs to them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Boolean, Column, DateTime, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import relationship

from kefu.db import Base, utcnow
from kefu.tickets import clocks, lifecycle
from kefu.tickets.lifecycle import NotAllowed, WrongState


class Ticket(Base):
    """A case: what the customer needs, how it is classified, where it stands.

    Attributes:
        customer: The identity that opened it; only those linked with it see it.
        request_key: Identifies the message that opened it, so that a repeated request opens no second.
        mood: The worst in which the customer opened or urged it.
        line, function, problem_type: The category path; empty where unknown.
        queue, skill, priority, respond_by, resolve_by, reasons: Its route (`kefu.tickets.routing.Route`).
        assignee_id, assigned_at: The colleague who has it, or had it last, and since when. A number only: who
            the colleagues are is known a floor above (`kefu.handoff`).
        left_by: Who handed it on to the queue that it waits in; they do not get it again by themselves.
        responded_at, paused_at, stood, respond_warn_at, resolve_warn_at, respond_stage, resolve_stage,
            sla_at: The clocks of its promises (`kefu.tickets.clocks`).
        told: The state that the customer was last told of. What they asked for themselves, they know.
        tell_at: From when on they may be told of the present one; nothing: now.
        asked_at, reminded_at: When they were asked whether it is solved, and asked once more.
        reopened_at: When its present work began, if not when it was opened: the clock runs from there.
        escalated_at: When it was raised to the supervisor.
        reserved: Whether only a supervisor may take it or hand it on, as promised after a low rating.
        merged_into: The number of the ticket that goes on in its place.
        version: Counts changes; two people changing one ticket never overwrite each other.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        Index("ix_tickets_queue", "status", "queue", "priority"),
        Index("ix_tickets_assignee", "assignee_id", "status"),
        Index("ix_tickets_escalated", "status", "escalated_at"),
    )

    id = Column(Integer, primary_key=True)
    number = Column(String(16), nullable=False, unique=True)
    request_key = Column(String(200), nullable=False, unique=True)
    customer = Column(String(128), nullable=False, index=True)
    channel = Column(String(32), nullable=False, default="")
    kind = Column(String(16), nullable=False)
    status = Column(String(16), nullable=False, default="new", index=True)
    urgency = Column(String(8), nullable=False)
    mood = Column(String(8), nullable=False, default="neutral")
    product = Column(String(64))
    line = Column(String(64))
    function = Column(String(64))
    problem_type = Column(String(64))
    description = Column(Text, nullable=False)
    phone = Column(String(32))
    urged = Column(Integer, nullable=False, default=0)
    rating = Column(Integer)
    opened_at = Column(DateTime, nullable=False, default=utcnow)
    changed_at = Column(DateTime, nullable=False, default=utcnow, onupdate=utcnow)
    queue = Column(String(32), nullable=False, default="general")
    skill = Column(String(32), nullable=False, default="general")
    priority = Column(Integer, nullable=False, default=4)
    respond_by = Column(DateTime)
    resolve_by = Column(DateTime)
    reasons = Column(JSON, nullable=False, default=list)
    assignee_id = Column(Integer)
    assigned_at = Column(DateTime)
    left_by = Column(Integer)
    responded_at = Column(DateTime)
    paused_at = Column(DateTime)
    stood = Column(Integer, nullable=False, default=0)
    respond_warn_at = Column(DateTime)
    resolve_warn_at = Column(DateTime)
    respond_stage = Column(String(8), nullable=False, default="")
    resolve_stage = Column(String(8), nullable=False, default="")
    sla_at = Column(DateTime, index=True)
    told = Column(String(16), nullable=False, default="new")
    tell_at = Column(DateTime)
    asked_at = Column(DateTime)
    reminded_at = Column(DateTime)
    reopened_at = Column(DateTime)
    escalated_at = Column(DateTime)
    reserved = Column(Boolean, nullable=False, default=False)
    merged_into = Column(String(16), index=True)
    version = Column(Integer, nullable=False)

    notes = relationship("TicketNote", order_by="TicketNote.id", lazy="selectin")

    __mapper_args__ = {"version_id_col": version}

    @property
    def category(self) -> str:
        """The category path for people, without unknown levels."""
        return " / ".join(part for part in (self.line, self.function, self.problem_type) if part)

    @property
    def is_open(self) -> bool:
        """Whether somebody works on it, or will."""
        return self.status in lifecycle.OPEN

    @property
    def holder(self) -> TicketNote | None:
        """The line of its history by which a colleague last took it."""
        who = ("assigned", "in_progress", "handed_on", "given_back", "reopened")
        last = next((note for note in reversed(self.notes) if note.kind in who), None)
        if last is None or last.kind not in who[:2] or str(last.data.get("by", "")).startswith("token:"):
            return None  # another system (`kefu.console.open`) is nobody who could have it
        return last

    @property
    def said(self) -> str:
        """What the colleague said who brought it into its present state; empty if nothing."""
        return next((note.text for note in reversed(self.notes) if note.kind == self.status), "")

    @property
    def due(self) -> datetime | None:
        """Until when the customer can expect the next step (UTC), if it is ours to take."""
        if self.status == "in_progress":
            return self.resolve_by
        waits = self.status in ("new", "assigned") and self.responded_at is None
        return self.respond_by if waits else None

    def is_late(self, now: datetime) -> bool:
        """Whether the customer's next step should have been there by ``now``."""
        return self.due is not None and self.due <= now

    def take(self, name: str, role: str) -> None:
        """Takes a step of the table.

        Raises:
            NotAllowed: The role never takes it.
            WrongState: The present state does not allow it.
        """
        if not lifecycle.may(role, name):
            raise NotAllowed(role, name)
        step = lifecycle.find(name, self.status, role)
        if step is None:
            raise WrongState(self.number, self.status)
        before, self.status = self.status, step.to or self.status
        clocks.follow(self, before)


class TicketNote(Base):
    """One line of a ticket's history: that it was opened, or a step of the table.

    Attributes:
        kind: ``opened`` or the step's name.
        data: Who took it, where it was a colleague: ``by`` (their id) and ``name``; and what the step adds.
        request_key: Identifies the message that led to it, so that a repeated request is noted once.
    """

    __tablename__ = "ticket_notes"
    __table_args__ = (Index("uq_ticket_notes_request_key", "kind", "request_key", unique=True),)

    id = Column(Integer, primary_key=True)
    ticket_id = Column(ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False, index=True)
    at = Column(DateTime, nullable=False, default=utcnow, index=True)
    kind = Column(String(16), nullable=False)
    text = Column(Text, nullable=False, default="")
    data = Column(JSON, nullable=False, default=dict)
    request_key = Column(String(255))
