"""Which customers an operator may see and speak with. What they may not see does not exist for them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from kefu.console.accounts import Me
from kefu.console.permissions import may
from kefu.console.refusals import Refusal, not_found
from kefu.customers import service as customers
from kefu.handoff import agents
from kefu.handoff.models import Handoff


def own(session: Session, me: Me, handoff_id: int, talking: bool = False, waiting: bool = False) -> Handoff:
    """One's own takeover, or with ``waiting`` one that one may take.

    Args:
        session: The request's transaction.
        me: Who asks.
        handoff_id: Which.
        talking: It must be in the midst of a talk.
        waiting: It may wait in one of one's queues; somebody else's talk is then a conflict, not a secret.

    Raises:
        Refusal: 404 for somebody else's; 409 for one that is over.
    """
    handoff = session.get(Handoff, handoff_id, populate_existing=True)
    if handoff is None:
        raise not_found("conversation")
    mine = handoff.agent_id == me.agent_id
    if waiting:
        agent = agents.get(session, me.agent_id)
        mine = mine or handoff.queue in agent.queues or handoff.preferred_agent_id == agent.id
        mine = mine or may(me.role, "supervise")
    if not mine:
        raise not_found("conversation")
    if talking and handoff.state != "human":
        raise Refusal(409, "wrong_step", f"The conversation is {handoff.state} now.")
    return handoff


def circle(session: Session, me: Me, conversation: str) -> list[str]:
    """The conversations of a customer whom one may see, the present one first.

    Supervisors see all; agents whom they talk with, have talked with, or may accept.

    Raises:
        Refusal: 404 for everybody else's.
    """
    present = customers.conversation_of(session, conversation)
    theirs = customers.circle(session, present)
    if not may(me.role, "supervise") and not agents.knows(session, me.agent_id, theirs):
        raise not_found("customer")
    return theirs


def skill_of(handoff: Handoff, queue: str) -> str:
    """The skill asked for after a transfer: another team's members are asked for none in particular."""
    return handoff.skill if queue == handoff.queue else ""
