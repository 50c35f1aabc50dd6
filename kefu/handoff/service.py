"""Use cases of takeovers. Each takes the caller's transaction; what happens is in the event log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import false, func, or_, select, text, update
from sqlalchemy.orm import Session

from kefu.customers.service import circle, level_of
from kefu.db import utcnow
from kefu.events import record
from kefu.handoff.models import Agent, Handoff
from kefu.tickets import assignment
from kefu.tickets.routing import Route

#: What a takeover lasts as long as none has been measured.
_USUAL = timedelta(minutes=6)
#: Who is passed on is told that they wait only if nobody has taken them by then.
_SETTLES = timedelta(seconds=5)
#: The reason for a queue that no rule names.
NOBODY_ONLINE = "nobody_online"
#: So many of the last takeovers tell how long they last.
_MEASURED = 50
#: What was agreed longer ago is not told as the present state of things.
_AGREED_LATELY = timedelta(days=7)

_QUIETLY = {"synchronize_session": False}

#: Built once: every turn runs it.
_TAKEN_OVER = text(
    "SELECT 1 FROM handoffs WHERE state = 'human' AND (open_conversation = :conversation"
    " OR open_conversation IN (SELECT theirs.id FROM identities AS theirs"
    " JOIN identities AS own ON own.customer_id = theirs.customer_id WHERE own.id = :conversation))"
)


class NoSuchHandoff(LookupError):
    """There is no such takeover."""


class NotAvailable(Exception):
    """The agent takes no (more) customers now."""


@dataclass(frozen=True)
class Place:
    """Where a customer stands in the queue.

    Attributes:
        position: 1 is next.
        minutes: How long it will probably take; at least 1.
    """

    position: int
    minutes: int


def current(session: Session, conversation: str) -> Handoff | None:
    """The open takeover of a customer, by any of their conversations; ``None`` while they are the bot's."""
    theirs = circle(session, conversation)
    query = select(Handoff).where(Handoff.open_conversation.in_(theirs))
    # Who was linked while both talked or waited has two: the talk counts.
    return session.scalars(query.order_by(Handoff.state, Handoff.id).limit(1)).first()


def is_taken_over(session: Session, conversation: str) -> bool:
    """Whether a person talks with the customer; one statement, as every turn asks it."""
    return session.connection().execute(_TAKEN_OVER, {"conversation": conversation}).first() is not None


def last_agreed(session: Session, conversation: str) -> tuple[str, str] | None:
    """What the customer's last noted talk of these days agreed on: the colleague's name, and the note."""
    talks = (
        select(Agent.name, Handoff.note)
        .join(Agent, Agent.id == Handoff.agent_id)
        .where(Handoff.conversation.in_(circle(session, conversation)), Handoff.state == "closed")
        .where(Handoff.note != "", Handoff.closed_at > utcnow() - _AGREED_LATELY)
    )
    found = session.execute(talks.order_by(Handoff.id.desc()).limit(1)).first()
    return tuple(found) if found else None


def request(
    session: Session,
    conversation: str,
    reason: str,
    route: Route,
    level: str = "normal",
    mood: str = "neutral",
) -> tuple[Handoff, bool]:
    """Puts a customer into the queue, unless they wait or talk already.

    Args:
        session: The caller's transaction.
        conversation: Whose.
        reason: Why (see ``Handoff``).
        route: To whom, and how soon.
        level: Of the customer.
        mood: In which they are.

    Returns:
        The takeover, and whether it is new.
    """
    there = current(session, conversation)
    if there is not None:
        return there, False
    handoff = _opened(session, conversation, reason, route, level, mood)
    _record(session, handoff, "requested", reason=reason, level=level, mood=mood)
    return handoff, True


def is_staffed(session: Session, queue: str) -> bool:
    """Whether somebody of the queue is there."""
    return any(queue in agent.queues for agent in _online(session))


def reachable(session: Session, conversation: str, route: Route) -> Route | None:
    """The route, to another team where nobody of its own is there; ``None`` if nobody is there at all."""
    queue = staffed_queue(session, conversation, route.queue)
    if queue is None or queue == route.queue:
        return route if queue else None
    return replace(route, queue=queue, skill="", reasons=(*route.reasons, ("queue", queue, NOBODY_ONLINE)))


def staffed_queue(session: Session, conversation: str, queue: str) -> str | None:
    """The queue if somebody of it is there, else one of who has the customer's ticket, or is the freest."""
    online = [agent for agent in _online(session) if agent.queues]
    if not online or any(queue in agent.queues for agent in online):
        return queue if online else None
    loads, holder = _loads(session, online), _ticket_holder(session, conversation)
    agent = min(online, key=lambda one: (one.id != holder, loads[one] / one.capacity, one.id))
    return agent.queues[0]


def place(session: Session, handoff: Handoff) -> Place:
    """Where it stands among those that the same agents will take, and how long it may last."""
    waiting = session.scalars(
        select(Handoff)
        .where(Handoff.state == "queued", Handoff.queue == handoff.queue)
        .order_by(Handoff.priority, Handoff.requested_at, Handoff.id)
    ).all()
    position = next((i for i, other in enumerate(waiting, 1) if other.id == handoff.id), 1)
    agents = [agent for agent in _online(session) if handoff.queue in agent.queues]
    free = sum(max(0, agent.capacity - load) for agent, load in _loads(session, agents).items())
    if free >= position:
        return Place(position, 1)
    at_once = max(1, sum(agent.capacity for agent in agents))
    minutes = _usual(session, handoff.queue).total_seconds() / 60 * (position - free) / at_once
    return Place(position, max(1, round(minutes)))


def accept(session: Session, handoff_id: int, agent_id: int) -> Handoff:
    """Gives a waiting customer to an agent who chose them.

    Raises:
        WrongStep: Somebody else has just taken them, or they left.
        NotAvailable: The agent is not there, or has as many customers as they can bear.
    """
    agent = next(iter(_locked(session, Agent.id == agent_id)), None)
    if agent is None or not agent.active or agent.status == "offline":
        raise NotAvailable("offline")
    handoff = _get(session, handoff_id)
    if _loads(session, [agent])[agent] >= agent.capacity:
        raise NotAvailable("full")
    _give(session, handoff, agent)
    return handoff


def assign(session: Session, waited: timedelta = timedelta()) -> list[Handoff]:
    """Gives waiting customers to free agents: the most urgent first, to who knows them, else the freest.

    Only those who have waited at least ``waited``: until then agents choose. The agent must be online, of the
    queue, and have the skill; where nobody who is online has the skill, the queue is enough.
    """
    given: list[Handoff] = []
    due = (Handoff.state == "queued", Handoff.requested_at <= utcnow() - waited)
    if session.execute(select(Handoff.id).where(*due).limit(1)).first() is None:
        return given
    loads = _loads(session, _locked(session, Agent.active & (Agent.status == "online")))
    waiting = select(Handoff).where(*due).order_by(Handoff.priority, Handoff.requested_at, Handoff.id)
    for handoff in session.scalars(waiting.execution_options(populate_existing=True)).all():
        able = [agent for agent in loads if handoff.queue in agent.queues]
        able = [agent for agent in able if handoff.skill in agent.skills] or able
        free = [agent for agent in able if loads[agent] < agent.capacity]
        if not free:
            continue
        known = [agent for agent in free if agent.id == handoff.preferred_agent_id]
        agent = (known or sorted(free, key=lambda a: (loads[a] / a.capacity, a.id)))[0]
        _give(session, handoff, agent)
        loads[agent] += 1
        given.append(handoff)
    return given


def step_in(session: Session, conversation: str, agent_id: int, route: Route) -> Handoff:
    """Lets an agent take a conversation over that is the bot's, or waits; who is offline comes for that.

    Raises:
        WrongStep: Another agent has it.
    """
    (agent,) = _locked(session, Agent.id == agent_id)
    if agent.status == "offline":
        # Who is offline has no customers; who is away gets no others, and loses theirs when silent.
        agent.be("away")
        agent.seen_at = utcnow()
    handoff = current(session, conversation)
    if handoff is None:
        level = level_of(session, conversation)
        handoff = _opened(session, conversation, "stepped_in", route, level, "neutral")
    _give(session, handoff, agent)
    return handoff


def transfer(
    session: Session, handoff_id: int, queue: str, skill: str, agent_id: int | None = None, reason: str = ""
) -> Handoff:
    """Puts a customer into another queue, or back into it for a certain agent, who sees the reason."""
    handoff = _get(session, handoff_id)
    handoff.step("transfer")
    handoff.queue, handoff.skill = queue, skill
    handoff.preferred_agent_id, handoff.agent_id = agent_id, None
    handoff.passed_on, handoff.passed_on_at, handoff.idle_step = reason, utcnow(), 0
    _record(session, handoff, "transferred")
    return handoff


def leave(session: Session, conversation: str, by: str = "customer") -> bool:
    """Takes a customer out of the queue; ``False`` if they did not wait."""
    handoff = current(session, conversation)
    if handoff is None or handoff.state != "queued":
        return False
    handoff.step("leave")
    handoff.told = handoff.state
    _close(session, handoff, by)
    return True


def call_off(session: Session, handoff_id: int, by: str, note: str = "") -> Handoff:
    """Takes a customer out of the queue who did not ask for it, and is told.

    Raises:
        WrongStep: They do not wait.
    """
    handoff = _get(session, handoff_id)
    handoff.step("leave")
    handoff.note = note
    _close(session, handoff, by)
    return handoff


def end(session: Session, handoff_id: int, by: str, note: str = "") -> Handoff:
    """Ends a talk; the bot goes on, knowing the note.

    Raises:
        WrongStep: It is not being talked.
    """
    handoff = _get(session, handoff_id)
    handoff.step("end")
    handoff.note = note or handoff.note
    _close(session, handoff, by)
    return handoff


def release(session: Session, agent_id: int, status: str = "offline") -> list[Handoff]:
    """Takes an agent's customers back into the queue, ahead of their priority, as they waited before."""
    (agent,) = _locked(session, Agent.id == agent_id)
    agent.be(status)
    theirs = select(Handoff).where(Handoff.agent_id == agent_id, Handoff.state == "human")
    released = session.scalars(theirs.order_by(Handoff.id)).all()
    for handoff in released:
        give_back(session, handoff)
    return released


def give_back(session: Session, handoff: Handoff) -> None:
    """Takes one customer back into the queue, ahead of their priority, as they waited before."""
    agent_id = handoff.agent_id
    handoff.step("release")
    handoff.agent_id = handoff.preferred_agent_id = None
    handoff.passed_on_at, handoff.idle_step = None, 0
    handoff.priority = max(1, handoff.priority - 1)
    _record(session, handoff, "released", agent=agent_id)


def spoke(session: Session, handoff: Handoff, who: str) -> None:
    """Notes that ``customer`` or ``agent`` has said something.

    Who says more while they wait for an answer has waited since their first words. Not counted as a change of
    the takeover: both may speak at the same moment, and neither must fail for it.
    """
    when = {"agent_at" if who == "agent" else "customer_at": utcnow(), "idle_step": 0}
    when |= {f"{who}_typing_at": None}
    noted = update(Handoff).where(Handoff.id == handoff.id)
    if who == "customer":
        noted = noted.where(Handoff.agent_at >= Handoff.customer_at)
    session.execute(noted.values(**when), execution_options=_QUIETLY)
    session.expire(handoff, list(when))


def types(session: Session, conversation: str, who: str) -> None:
    """Notes that ``customer`` or ``agent`` is writing to the other; what, nobody keeps."""
    theirs = circle(session, conversation)
    talk = update(Handoff).where(Handoff.state == "human", Handoff.open_conversation.in_(theirs))
    session.execute(talk.values(**{f"{who}_typing_at": utcnow()}), execution_options=_QUIETLY)


def typing_agents(session: Session, since: timedelta) -> list[tuple[str, datetime]]:
    """To whom an agent has been writing within that time: the conversation, and when they last did."""
    query = select(Handoff.conversation, Handoff.agent_typing_at).where(
        Handoff.state == "human", Handoff.agent_typing_at > utcnow() - since
    )
    return [tuple(found) for found in session.execute(query)]


def untold(session: Session, limit: int = 100) -> list[Handoff]:
    """Takeovers in a state that their customer was not told of, once that has lasted for a moment."""
    passing = (Handoff.state == "queued") & (Handoff.passed_on_at > utcnow() - _SETTLES)
    query = select(Handoff).where(
        Handoff.told != Handoff.state, or_(Handoff.passed_on_at.is_(None), ~passing)
    )
    return list(session.scalars(query.order_by(Handoff.id).limit(limit)))


def tell(session: Session, handoff: Handoff) -> bool:
    """Notes that the customer is told of the state; ``False`` if somebody else has just done so."""
    here = (Handoff.id == handoff.id, Handoff.state == handoff.state, Handoff.told != Handoff.state)
    told = update(Handoff).where(*here).values(told=handoff.state)
    return session.execute(told.execution_options(synchronize_session=False)).rowcount == 1


def _opened(session: Session, conversation: str, reason: str, route: Route, level: str, mood: str) -> Handoff:
    last = session.scalar(
        select(Handoff.agent_id)
        .where(Handoff.conversation.in_(circle(session, conversation)), Handoff.agent_id.is_not(None))
        .order_by(Handoff.id.desc())
        .limit(1)
    )
    handoff = Handoff(
        conversation=conversation,
        open_conversation=conversation,
        state="queued",
        reason=reason,
        queue=route.queue,
        skill=route.skill,
        priority=route.priority,
        reasons=list(map(list, route.reasons)),
        level=level,
        mood=mood,
        preferred_agent_id=_ticket_holder(session, conversation) or last,
        customer_at=utcnow(),
    )
    session.add(handoff)
    session.flush()
    return handoff


def _ticket_holder(session: Session, conversation: str) -> int | None:
    """Who of those that are there works on an open ticket of the customer's."""
    holder = assignment.holder(session, circle(session, conversation))
    agent = session.get(Agent, holder) if holder is not None else None
    return holder if agent and agent.active and agent.status == "online" else None


def _give(session: Session, handoff: Handoff, agent: Agent) -> None:
    handoff.step("accept")
    handoff.agent_id = handoff.preferred_agent_id = agent.id
    # Until the agent's first words the customer waits for them.
    handoff.accepted_at = handoff.customer_at = utcnow()
    handoff.agent_at = handoff.agent_typing_at = None
    handoff.idle_step = 0
    if handoff.told == "human":
        handoff.told = ""  # of another agent, whom the customer believes to be there
    waited = round((handoff.accepted_at - handoff.requested_at).total_seconds())
    _record(session, handoff, "accepted", agent=agent.id, waited=waited)
    session.flush()


def _close(session: Session, handoff: Handoff, by: str) -> None:
    handoff.closed_at, handoff.closed_by = utcnow(), by
    _record(session, handoff, "closed", by=by)
    session.flush()


def _get(session: Session, handoff_id: int) -> Handoff:
    handoff = session.get(Handoff, handoff_id, populate_existing=True)
    if handoff is None:
        raise NoSuchHandoff(handoff_id)
    return handoff


def _online(session: Session) -> list[Agent]:
    return session.scalars(select(Agent).where(Agent.active, Agent.status == "online")).all()


def _locked(session: Session, which: Any) -> list[Agent]:
    """Agents as they are now, to whom nobody else gives or takes customers until the transaction ends.

    Locked in the order of their ids. SQLite has one lock, for all who write: a write that changes nothing.
    """
    session.flush()  # what is read anew must not undo what was changed here
    session.execute(update(Agent).where(false()).values(status=Agent.status), execution_options=_QUIETLY)
    agents = select(Agent).where(which).order_by(Agent.id).with_for_update()
    return session.scalars(agents.execution_options(populate_existing=True)).all()


def _loads(session: Session, agents: list[Agent]) -> dict[Agent, int]:
    """How many customers each has now."""
    count = select(Handoff.agent_id, func.count()).where(Handoff.state == "human").group_by(Handoff.agent_id)
    counts = dict(session.execute(count).all())
    return {agent: counts.get(agent.id, 0) for agent in agents}


def _usual(session: Session, queue: str) -> timedelta:
    """How long talks of a queue last, by the last ones."""
    ended = (
        select(Handoff.accepted_at, Handoff.closed_at)
        .where(Handoff.queue == queue, Handoff.state == "closed", Handoff.accepted_at.is_not(None))
        .order_by(Handoff.id.desc())
        .limit(_MEASURED)
    )
    spans = [closed - accepted for accepted, closed in session.execute(ended)]
    return sum(spans, timedelta()) / len(spans) if spans else _USUAL


def _record(session: Session, handoff: Handoff, what: str, **data) -> None:
    record(session, f"handoff.{what}", handoff.conversation, handoff=handoff.id, queue=handoff.queue, **data)
