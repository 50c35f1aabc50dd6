"""Tickets find their person: who is there, able and free gets them, and whose shift is over leaves them.

Several processes may do so at once: each ticket is given in a transaction of its own, which first takes hold
of the agent, so that nobody gets more than they can bear, and fails where somebody else changed the ticket.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from kefu.customers.service import circle
from kefu.db import session_scope, utcnow
from kefu.handoff.models import Agent, Handoff
from kefu.tickets import assignment
from kefu.tickets.lifecycle import WrongState
from kefu.tickets.models import Ticket
from kefu.tickets.steps import Actor


class NotGiven(Exception):
    """The agent gets no ticket now: ``agent_offline``, or ``tickets_full``."""


def assign(waited: timedelta = timedelta()) -> int:
    """Gives new tickets to those who are there: the most urgent first; returns how many were given.

    The agent must be online, of the queue, with room, and have the skill; where nobody who is online has the
    skill, the queue is enough. Among these: who had the ticket before, who knows the customer, the freest.

    Args:
        waited: Only tickets as old as that: until then agents choose.
    """
    with session_scope() as session:
        found = _assignable(session, waited)
    given = 0
    for ticket_id in found:
        try:
            with session_scope() as session:
                given += _assign_one(session, ticket_id)
        except (StaleDataError, WrongState, NotGiven):
            pass  # somebody else was faster; what is left to do, the next round sees
    return given


def give(
    session: Session, ticket: Ticket, agent_id: int, actor: Actor, why: str = "handed_on", text: str = ""
) -> None:
    """Gives a ticket to a certain agent.

    Raises:
        NotGiven: They are offline, or have as many tickets as they can bear.
        WrongState: The ticket is finished or withdrawn, or, to be taken, somebody's.
        NotAllowed: To be taken, it waits for a supervisor.
    """
    agent = _hold(session, agent_id, ("online", "away"))
    if why == "taken":
        assignment.pick(session, ticket, agent, actor)
    else:
        assignment.give(session, ticket, agent, actor, why, text)
    session.flush()


def take_back(after: timedelta) -> None:
    """Takes back what was not begun by agents who have been offline for ``after``, or are no more."""
    before = utcnow() - after
    long_gone = (Agent.status == "offline") & (Agent.status_at <= before)
    with session_scope() as session:
        gone = session.scalars(select(Agent.id).where(or_(~Agent.active, long_gone))).all()
        theirs = session.scalars(assignment.not_begun(gone).where(Ticket.assigned_at <= before)).all()
    for ticket in theirs:
        try:
            with session_scope() as session:
                session.add(ticket)
                assignment.give_back(session, ticket, assignment.BY_ITSELF, "offline")
        except StaleDataError:
            pass  # begun, or given to somebody else, at this very moment


def _assignable(session: Session, waited: timedelta) -> list[int]:
    """Tickets for which somebody able has room, as many as there is room in each queue."""
    room = _room(session)
    before, found = utcnow() - waited, []
    for queue in {queue for agent in room for queue in agent.queues}:
        places = sum(max(room[agent], 0) for agent in room if queue in agent.queues)
        if not places:
            continue
        for ticket_id, skill, left_by in session.execute(assignment.waiting(queue, before)):
            if _free(room, queue, skill, left_by):
                found.append(ticket_id)
                places -= 1
                if not places:
                    break
    return found


def _free(room: dict[Agent, int], queue: str, skill: str, left_by: int | None) -> list[Agent]:
    """Who could be given a ticket: who has the skill; the others, where nobody who is there has it."""
    team = [agent for agent in room if queue in agent.queues and agent.id != left_by]
    skilled = [agent for agent in team if skill in agent.skills]
    return [agent for agent in skilled or team if room[agent] > 0]


def _assign_one(session: Session, ticket_id: int) -> bool:
    ticket = session.get(Ticket, ticket_id)
    if ticket is None or ticket.status != "new" or ticket.reserved:
        return False
    room = _room(session)
    free = {agent.id: agent for agent in _free(room, ticket.queue, ticket.skill, ticket.left_by)}
    if not free:
        return False
    last = _last_agent(session, ticket)
    if ticket.assignee_id in free:
        chosen, why = ticket.assignee_id, "had_it"
    elif last in free:
        chosen, why = last, "knows"
    else:
        # The freest, by the share of their capacity.
        chosen = max(free.values(), key=lambda agent: (room[agent] / agent.ticket_capacity, -agent.id)).id
        why = "skill" if ticket.skill in free[chosen].skills else "queue"
    agent = _hold(session, chosen, ("online",))
    assignment.give(session, ticket, agent, assignment.BY_ITSELF, why)
    return True


def _room(session: Session) -> dict[Agent, int]:
    """How many more tickets each of those may get who are online."""
    online = session.scalars(select(Agent).where(Agent.active, Agent.status == "online")).all()
    loads = assignment.loads(session) if online else {}
    return {agent: agent.ticket_capacity - loads.get(agent.id, 0) for agent in online}


def _last_agent(session: Session, ticket: Ticket) -> int | None:
    """Who worked for this customer last, on a ticket or in a talk."""
    theirs = circle(session, ticket.customer)
    talked = select(Handoff.agent_id, Handoff.accepted_at).where(
        Handoff.conversation.in_(theirs), Handoff.accepted_at.is_not(None), Handoff.agent_id.is_not(None)
    )
    talk = session.execute(talked.order_by(Handoff.accepted_at.desc()).limit(1)).first()
    held = assignment.last_holder(session, theirs)
    newest = max(filter(None, (talk, held)), key=lambda found: found[1], default=None)
    return newest[0] if newest else None


def _hold(session: Session, agent_id: int, statuses: tuple[str, ...]) -> Agent:
    """The agent, kept from being given anything else, and from leaving, until the transaction ends.

    Raises:
        NotGiven: They are not there, or have no room.
    """
    there = (Agent.id == agent_id, Agent.active, Agent.status.in_(statuses))
    # Changes nothing, but locks the row; what is counted after it is true until the end.
    held = update(Agent).where(*there).values(ticket_capacity=Agent.ticket_capacity)
    if session.execute(held.execution_options(synchronize_session=False)).rowcount == 0:
        raise NotGiven("agent_offline")
    agent = session.get(Agent, agent_id, populate_existing=True)
    if assignment.load(session, agent_id) >= agent.ticket_capacity:
        raise NotGiven("tickets_full")
    return agent
