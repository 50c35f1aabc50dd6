"""Tables of tickets and the behaviour that belongs to them."""

from __future__ import annotations

from sqlalchemy import JSON, Column, DateTime, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import relationship

from kefu.db import Base, utcnow

#: From which states a ticket may go to a state. The table is the only place that decides.
TRANSITIONS = {
    "assigned": frozenset({"new", "assigned", "in_progress", "waiting"}),
    "in_progress": frozenset({"new", "assigned", "waiting"}),
    "waiting": frozenset({"assigned", "in_progress"}),
    "resolved": frozenset({"new", "assigned", "in_progress", "waiting"}),
    "closed": frozenset({"resolved"}),
    "cancelled": frozenset({"new", "assigned", "in_progress", "waiting"}),
    "new": frozenset({"resolved", "closed", "cancelled"}),  # reopening starts the work again
}


class WrongState(Exception):
    """The ticket's state does not allow the change; carries the ticket's number and state."""

    def __init__(self, number: str, status: str) -> None:
        """Names the ticket and the state it is in."""
        super().__init__(f"{number} is {status}")
        self.number = number
        self.status = status


class Ticket(Base):
    """A case: what the customer needs, how it is classified, where it stands.

    Attributes:
        customer: The identity that opened it; only those linked with it see it.
        request_key: Identifies the message that opened it, so that a repeated request opens no second.
        mood: The worst in which the customer opened or urged it.
        line, function, problem_type: The category path; empty where unknown.
        queue, skill, priority, respond_by, resolve_by, reasons: Its route (`kefu.tickets.routing.Route`).
        told: The state that the customer was last told of. What they asked for themselves, they know.
        version: Counts changes; two people changing one ticket never overwrite each other.
    """

    __tablename__ = "tickets"

    id = Column(Integer, primary_key=True)
    number = Column(String(16), nullable=False, unique=True)
    request_key = Column(String(200), nullable=False, unique=True)
    customer = Column(String(128), nullable=False, index=True)
    channel = Column(String(32), nullable=False, default="")
    kind = Column(String(16), nullable=False)
    status = Column(String(16), nullable=False, default="new")
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
    told = Column(String(16), nullable=False, default="new")
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
        return self.status not in ("resolved", "closed", "cancelled")

    def must_be_open(self) -> None:
        """Refuses what only makes sense while somebody works on the ticket.

        Raises:
            WrongState: It is finished or withdrawn.
        """
        if not self.is_open:
            raise WrongState(self.number, self.status)

    def move(self, status: str) -> None:
        """Changes the state.

        Raises:
            WrongState: The present state does not lead there.
        """
        if self.status not in TRANSITIONS[status]:
            raise WrongState(self.number, self.status)
        self.status = status


class TicketNote(Base):
    """One line of a ticket's history: opened, added to, urged, cancelled, reopened, rated.

    Attributes:
        request_key: Identifies the message that led to it, so that a repeated request is noted once.
    """

    __tablename__ = "ticket_notes"
    __table_args__ = (Index("uq_ticket_notes_request_key", "kind", "request_key", unique=True),)

    id = Column(Integer, primary_key=True)
    ticket_id = Column(ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False, index=True)
    at = Column(DateTime, nullable=False, default=utcnow)
    kind = Column(String(16), nullable=False)
    text = Column(Text, nullable=False, default="")
    data = Column(JSON, nullable=False, default=dict)
    request_key = Column(String(255))
