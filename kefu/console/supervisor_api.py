"""Routes of supervisors: stepping in, giving a customer to a colleague, who works in which queues."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field, conlist, constr
from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.console import accounts
from kefu.console.account_api import Body
from kefu.console.accounts import Me
from kefu.console.guard import allowed, transaction
from kefu.console.reach import circle
from kefu.console.refusals import Refusal, not_found
from kefu.handoff import agents, service
from kefu.handoff.models import Agent, Handoff
from kefu.tickets.routing import Case, route
from kefu.tickets.routing import rules as routing

router = APIRouter(prefix="/api")


class Reassignment(Body):
    """Who is to have the customer."""

    agent_id: int


class AgentChange(Body):
    """What is to change; what is left out stays."""

    queues: conlist(str, max_items=50) | None
    skills: conlist(constr(strip_whitespace=True, min_length=1, max_length=32), max_items=50) | None
    capacity: int | None = Field(None, ge=1, le=agents.MAX_CAPACITY)
    ticket_capacity: int | None = Field(None, ge=1, le=agents.MAX_TICKETS)


@router.post("/conversations/{conversation}/step-in")
def step_in(
    conversation: str, me: Me = allowed("supervise"), session: Session = transaction()
) -> dict[str, Any]:
    """Takes over a conversation that is the bot's, or waits, or that a colleague has."""
    present = circle(session, me, conversation)[0]
    there = service.current(session, present)
    if there is not None and there.state == "human":
        if there.agent_id == me.agent_id:
            return {"id": there.id, "state": there.state}
        service.transfer(session, there.id, there.queue, there.skill, me.agent_id)
    asked = Case(kind="consultation", channel=present.partition("-")[0])
    handoff = service.step_in(session, present, me.agent_id, route(asked))
    accounts.audit(session, me, "handoff.stepped_in", f"handoff:{handoff.id}")
    return {"id": handoff.id, "state": handoff.state}


@router.post("/handoffs/{handoff_id}/reassign")
def reassign(
    handoff_id: int, to: Reassignment, me: Me = allowed("supervise"), session: Session = transaction()
) -> dict[str, Any]:
    """Gives a customer, waiting or talked with, to a colleague."""
    handoff = session.get(Handoff, handoff_id)
    if handoff is None:
        raise not_found("conversation")
    colleague = agents.get(session, to.agent_id)
    if handoff.state == "human":
        if handoff.agent_id == colleague.id:
            raise Refusal(422, "same", "That is who has the customer now.", "agent_id")
        service.transfer(session, handoff.id, handoff.queue, handoff.skill, colleague.id)
    service.accept(session, handoff.id, colleague.id)
    accounts.audit(session, me, "handoff.reassigned", f"handoff:{handoff.id}", to=colleague.id)
    return {"id": handoff.id, "state": handoff.state}


@router.get("/agents")
def list_agents(me: Me = allowed("agents"), session: Session = transaction()) -> dict[str, Any]:
    """Every active agent with queues, skills and capacity."""
    found = session.scalars(select(Agent).where(Agent.active).order_by(Agent.id))
    return {"agents": [_shown(agent) for agent in found]}


@router.patch("/agents/{agent_id}")
def change_agent(
    agent_id: int, change: AgentChange, me: Me = allowed("agents"), session: Session = transaction()
) -> dict[str, Any]:
    """Changes queues, skills or capacities of an agent."""
    for queue in change.queues or ():
        if queue not in routing().queues:
            raise Refusal(422, "unknown", f"queues: {queue!r} is not a queue.", "queues")
    for skill in change.skills or ():
        # One that no rule asks for any longer may stay.
        if skill not in routing().skills() and skill not in agents.get(session, agent_id).skills:
            raise Refusal(422, "unknown", f"skills: {skill!r} is asked for by no rule.", "skills")
    values = {name: value for name, value in change.dict().items() if value is not None}
    agent = agents.change(session, agent_id, **values)
    accounts.audit(session, me, "agent.changed", f"agent:{agent_id}", changed=sorted(values))
    return {"agent": _shown(agent)}


def _shown(agent: Agent) -> dict[str, Any]:
    names = ("id", "name", "status", "queues", "skills", "capacity", "ticket_capacity")
    return {name: getattr(agent, name) for name in names}
