"""Tickets as those who work on them look for them: over all customers, by filters."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, not_, or_, select
from sqlalchemy.orm import Session, lazyload
from sqlalchemy.sql import Select

from kefu.db import utcnow
from kefu.knowledge.schema import TICKET_KINDS, TICKET_STATUSES, URGENCIES
from kefu.tickets import lifecycle, numbers
from kefu.tickets.assignment import may_work
from kefu.tickets.models import Ticket
from kefu.tickets.routing import rules

DUE = ("late", "soon")
#: Steps that are taken by something else: taking, handing on, taking back, merging another into it.
_NOT_OFFERED = ("assigned", "handed_on", "given_back", "joined")
#: What may be done with a colleague's ticket, too.
_ANYBODYS = ("escalated", "comment")
#: A list shows no histories, which may be long.
_WITHOUT_HISTORY = lazyload(Ticket.notes)
#: The promise that is due next; none while the customer has to answer.
_NEXT = case(
    (Ticket.responded_at.is_(None), Ticket.respond_by), (Ticket.paused_at.is_(None), Ticket.resolve_by)
)
ORDERS = {
    "newest": (Ticket.id.desc(),),
    "changed": (Ticket.changed_at.desc(), Ticket.id.desc()),
    "urged": (Ticket.urged.desc(), Ticket.id),
    "oldest": (Ticket.id,),
    "priority": (Ticket.priority, Ticket.resolve_by, Ticket.id),
    "due": (_NEXT.is_(None), _NEXT, Ticket.id),
}


@dataclass(frozen=True)
class Filters:
    """What a list of tickets shows; empty means any.

    Attributes:
        assignee: An agent's id, or ``none`` for tickets that wait for somebody.
        due: ``late`` (a promise is broken) and ``soon`` (it was warned of).
        escalated: Only those that the supervisor has to look at; the open ones, unless ``status`` says more.
        text: A number or its end, a phone number, or the id of a customer's conversation.
    """

    status: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    urgency: tuple[str, ...] = ()
    queue: tuple[str, ...] = ()
    assignee: str = ""
    due: tuple[str, ...] = ()
    escalated: bool = False
    text: str = ""
    order: str = "newest"

    def __post_init__(self) -> None:
        """Refuses values that there are not, naming the field."""
        known = {
            "status": TICKET_STATUSES,
            "kind": TICKET_KINDS,
            "urgency": URGENCIES,
            "queue": tuple(rules().queues),
            "due": DUE,
        }
        for name, values in known.items():
            for value in getattr(self, name):
                if value not in values:
                    raise ValueError(f"{name}: {value!r} is not one of {', '.join(values)}")
        if not (self.assignee in ("", "none") or self.assignee.isascii() and self.assignee.isdigit()):
            raise ValueError(f"assignee: {self.assignee!r} is neither an agent's id nor none")
        if self.order not in ORDERS:
            raise ValueError(f"order: {self.order!r} is not one of {', '.join(ORDERS)}")


def find(session: Session, filters: Filters, offset: int = 0, limit: int = 50) -> tuple[list[Ticket], int]:
    """Those tickets that pass the filters, and how many there are in all."""
    query = passing(filters)
    total = session.scalar(select(func.count()).select_from(query.subquery()))
    page = query.order_by(*ORDERS[filters.order]).offset(offset).limit(limit).options(_WITHOUT_HISTORY)
    return session.scalars(page).all(), total


def passing(filters: Filters) -> Select:
    """Selects the tickets that pass the filters, in no order."""
    query = select(Ticket)
    for name in ("status", "kind", "urgency", "queue"):
        if values := getattr(filters, name):
            query = query.where(getattr(Ticket, name).in_(values))
    query = _standing(query, filters, utcnow())
    if text := filters.text.strip():
        normal = numbers.normal_number(text)
        ends = (
            Ticket.number.endswith(normal, autoescape=True) if len(normal) >= 4 else Ticket.number == normal
        )
        query = query.where(or_(ends, Ticket.phone == text, Ticket.customer == text))
    return query


def _standing(query: Select, filters: Filters, now: datetime) -> Select:
    """Narrows to who has a ticket, how it stands with its promises, and whether it was escalated."""
    open_ = Ticket.status.in_(lifecycle.OPEN)
    if filters.assignee == "none":
        query = query.where(open_, or_(Ticket.status == "new", Ticket.assignee_id.is_(None)))
    elif filters.assignee:
        query = query.where(Ticket.assignee_id == int(filters.assignee))
    if filters.due:
        passed = {"late": (Ticket.respond_by, Ticket.resolve_by)}
        passed["soon"] = (Ticket.respond_warn_at, Ticket.resolve_warn_at)
        late, soon = (
            or_(
                and_(Ticket.responded_at.is_(None), passed[name][0] <= now),
                and_(Ticket.paused_at.is_(None), passed[name][1] <= now),
            )
            for name in DUE
        )
        wanted = {"late": late, "soon": and_(soon, not_(late))}
        query = query.where(open_, or_(*(wanted[name] for name in filters.due)))
    if filters.escalated:
        query = query.where(Ticket.escalated_at.is_not(None))
        query = query if filters.status else query.where(open_)
    return query


def merged_into(session: Session, number: str) -> list[Ticket]:
    """The tickets that go on as this one."""
    return session.scalars(select(Ticket).filter_by(merged_into=number).order_by(Ticket.id)).all()


def of_customer(session: Session, conversations: Collection[str], limit: int = 50) -> list[Ticket]:
    """The newest tickets of one customer over all their conversations."""
    query = select(Ticket).where(Ticket.customer.in_(conversations))
    return session.scalars(query.order_by(Ticket.id.desc()).limit(limit).options(_WITHOUT_HISTORY)).all()


def next_steps(ticket: Ticket, role: str, agent_id: int | None = None) -> list[str]:
    """What a colleague may do with a ticket now; to the state it is in there is no step."""
    allowed = lifecycle.steps(ticket.status, role)
    if not may_work(ticket, role, agent_id):
        allowed = [step for step in allowed if step in _ANYBODYS]
    return [step for step in allowed if step not in (ticket.status, *_NOT_OFFERED)]
