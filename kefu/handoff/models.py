"""Tables of agents and of what they take over, and the states that a takeover goes through."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, DateTime, ForeignKey, Index, Integer, String, Text

from kefu.db import Base, utcnow

#: What may happen in which state, and the state it leads to. A conversation without an open takeover is the
#: bot's; the table is the only place that decides.
TRANSITIONS = {
    ("queued", "accept"): "human",
    ("queued", "leave"): "closed",
    ("queued", "transfer"): "queued",
    ("human", "transfer"): "queued",
    ("human", "release"): "queued",
    ("human", "end"): "closed",
}
OPEN = ("queued", "human")


class WrongStep(Exception):
    """The takeover's state does not allow the step; carries its id, state and the step."""

    def __init__(self, handoff: int, state: str, step: str) -> None:
        """Names takeover, state and step."""
        super().__init__(f"{step}: takeover {handoff} is {state}")
        self.handoff, self.state, self.step = handoff, state, step


class Agent(Base):
    """A colleague who talks with customers.

    Attributes:
        queues: Teams of ``data/routing.yml`` that they belong to.
        skills: What they are able to do, as the rules there name it.
        capacity: How many customers they talk with at a time.
        ticket_capacity: How many open tickets they are given.
        status: ``online`` takes customers and tickets, ``away`` keeps those they have, ``offline`` has no
            customers, and loses tickets not begun after a while (`kefu.handoff.dispatch`).
        status_at: Since when the status is so.
        seen_at: When their desk last gave a sign of life.
    """

    __tablename__ = "agents"

    id = Column(Integer, primary_key=True)
    name = Column(String(64), nullable=False)
    queues = Column(JSON, nullable=False, default=list)
    skills = Column(JSON, nullable=False, default=list)
    capacity = Column(Integer, nullable=False, default=5)
    ticket_capacity = Column(Integer, nullable=False, default=20)
    status = Column(String(8), nullable=False, default="offline")
    status_at = Column(DateTime, nullable=False, default=utcnow)
    active = Column(Boolean, nullable=False, default=True)
    seen_at = Column(DateTime)

    def be(self, status: str) -> None:
        """Comes, rests, or goes."""
        if self.status != status:
            self.status, self.status_at = status, utcnow()


class Handoff(Base):
    """One takeover, from the request to its end.

    Attributes:
        conversation: Whose; as long as it is open there is no other for this conversation.
        open_conversation: The same while it is open, else nothing: makes that unique.
        reason: ``asked``, ``misses``, ``mood``, ``level``, ``stepped_in`` or ``api``.
        queue, skill, priority, reasons: Where it waits, as ``data/routing.yml`` said, and by which rules.
        level, mood: Of the customer when it began.
        agent_id: Who has it, or had it last.
        preferred_agent_id: Who talked with this customer last, or to whom it was transferred.
        customer_at: Since when the customer waits for an answer, or waited for the last one.
        agent_at: When the present agent spoke last; nothing before their first words.
        idle_step: 1 once the customer was asked whether they are still there, 2 once they were apologised to
            because nobody answers them.
        note: What was agreed, in the agent's words.
        passed_on, passed_on_at: Why a colleague last passed it on, as the others see it, and when.
        customer_typing_at, agent_typing_at: When each last wrote at something not yet sent.
        told: The state that the customer was last told of; empty when they were told of another agent.
    """

    __tablename__ = "handoffs"
    __table_args__ = (
        Index("ix_handoffs_waiting", "state", "priority", "requested_at"),
        Index("ix_handoffs_agent", "agent_id", "state"),
    )

    id = Column(Integer, primary_key=True)
    conversation = Column(String(64), nullable=False, index=True)
    open_conversation = Column(String(64), unique=True)
    state = Column(String(8), nullable=False, default="queued")
    reason = Column(String(16), nullable=False)
    queue = Column(String(32), nullable=False)
    skill = Column(String(32), nullable=False)
    priority = Column(Integer, nullable=False)
    reasons = Column(JSON, nullable=False, default=list)
    level = Column(String(8), nullable=False, default="normal")
    mood = Column(String(8), nullable=False, default="neutral")
    requested_at = Column(DateTime, nullable=False, default=utcnow)
    agent_id = Column(ForeignKey("agents.id"))
    preferred_agent_id = Column(ForeignKey("agents.id"))
    accepted_at = Column(DateTime)
    closed_at = Column(DateTime)
    closed_by = Column(String(16))
    customer_at = Column(DateTime)
    agent_at = Column(DateTime)
    idle_step = Column(Integer, nullable=False, default=0)
    note = Column(Text, nullable=False, default="")
    passed_on = Column(Text, nullable=False, default="")
    passed_on_at = Column(DateTime)
    customer_typing_at = Column(DateTime)
    agent_typing_at = Column(DateTime)
    told = Column(String(8), nullable=False, default="queued")
    version = Column(Integer, nullable=False)

    __mapper_args__ = {"version_id_col": version}

    def step(self, name: str) -> None:
        """Goes on by a step of ``TRANSITIONS``.

        Raises:
            WrongStep: The present state does not allow it.
        """
        state = TRANSITIONS.get((self.state, name))
        if state is None:
            raise WrongStep(self.id, self.state, name)
        self.state = state
        self.open_conversation = self.conversation if state in OPEN else None
