"""Routes on who has a ticket: taking one, handing on one or many, taking back what somebody has not begun."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import conlist, constr
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from kefu.console import accounts
from kefu.console.account_api import Body
from kefu.console.accounts import Me
from kefu.console.guard import allowed, transaction
from kefu.console.refusals import Refusal
from kefu.console.ticket_api import MAX_BULK, Seen, SeenTicket, actor, whole
from kefu.db import session_scope
from kefu.handoff import agents, dispatch
from kefu.handoff.dispatch import NotGiven
from kefu.tickets import assignment, progress
from kefu.tickets.lifecycle import WrongState
from kefu.tickets.models import Ticket
from kefu.tickets.progress import ChangedMeanwhile
from kefu.tickets.routing import rules
from kefu.tickets.service import NoSuchTicket

router = APIRouter(prefix="/api")


class Target(Body):
    """To whom tickets go, a colleague or a queue, and why."""

    agent_id: int | None
    queue: str | None
    reason: constr(strip_whitespace=True, min_length=1, max_length=500)


class HandOn(Target, Seen):
    """To whom a ticket goes."""


class HandManyOn(Target):
    """To whom several tickets go."""

    tickets: conlist(SeenTicket, min_items=1, max_items=MAX_BULK)


@router.post("/tickets/hand-on")
def hand_many_on(to: HandManyOn, me: Me = allowed("supervise")) -> dict[str, Any]:
    """Gives several tickets to a colleague or a queue, each by itself: those that cannot be are named."""
    moved, refused = [], []
    for seen in {seen.number: seen for seen in to.tickets}.values():
        number = seen.number
        try:
            with session_scope() as session:
                _hand_on(session, progress.get(session, number, seen.version), to, me)
            moved.append(number)
        except WrongState as error:
            refused.append({"number": number, "code": "wrong_state", "status": error.status})
        except NoSuchTicket:
            refused.append({"number": number, "code": "not_found"})
        except NotGiven as error:
            refused.append({"number": number, "code": str(error)})
        except (ChangedMeanwhile, StaleDataError):
            refused.append({"number": number, "code": "changed_meanwhile"})
    return {"moved": moved, "refused": refused}


@router.post("/tickets/{number}/take")
def take(
    number: str, seen: Seen, me: Me = allowed("tickets"), session: Session = transaction()
) -> dict[str, Any]:
    """Takes a ticket that nobody has."""
    ticket = progress.get(session, number, seen.version)
    dispatch.give(session, ticket, me.agent_id, actor(me), "taken")
    accounts.audit(session, me, "ticket.taken", f"ticket:{ticket.number}")
    return whole(session, me, ticket)


@router.post("/tickets/{number}/hand-on")
def hand_on(
    number: str, to: HandOn, me: Me = allowed("tickets"), session: Session = transaction()
) -> dict[str, Any]:
    """Gives a ticket to a colleague or a queue: one's own, or one that nobody has; supervisors any."""
    ticket = progress.get(session, number, to.version)
    nobodys = assignment.is_unassigned(ticket)
    if not assignment.may_work(ticket, me.role, me.agent_id):
        raise Refusal(403, "not_yours", "A colleague has this ticket.")
    if to.agent_id is not None and to.agent_id == ticket.assignee_id and not nobodys:
        raise Refusal(422, "same", "That is who has the ticket now.", "agent_id")
    _hand_on(session, ticket, to, me)
    return whole(session, me, ticket)


@router.post("/agents/{agent_id}/take-back")
def take_back(
    agent_id: int, me: Me = allowed("supervise"), session: Session = transaction()
) -> dict[str, Any]:
    """Puts the tickets that an agent has not begun back into their queues."""
    agent = agents.get(session, agent_id)
    numbers = assignment.give_all_back(session, agent.id, actor(me), "supervisor")
    accounts.audit(session, me, "tickets.taken_back", f"agent:{agent_id}", tickets=len(numbers))
    return {"numbers": numbers}


def _hand_on(session: Session, ticket: Ticket, to: Target, me: Me) -> None:
    if (to.agent_id is None) == (to.queue is None):
        raise Refusal(422, "missing", "Name a queue or a colleague.", "queue")
    if to.queue is not None:
        if to.queue not in rules().queues:
            raise Refusal(422, "unknown", f"queue: {to.queue!r} is not a queue.", "queue")
        assignment.hand_to_queue(session, ticket, to.queue, actor(me), to.reason)
    else:
        agents.get(session, to.agent_id)
        dispatch.give(session, ticket, to.agent_id, actor(me), "handed_on", to.reason)
    session.flush()
    target = {"queue": to.queue} if to.queue else {"to": to.agent_id}
    accounts.audit(session, me, "ticket.handed_on", f"ticket:{ticket.number}", **target)
