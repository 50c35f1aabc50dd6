"""Use cases of a customer's own data: see what is known, export it, wish to be forgotten.

Each takes the caller's transaction and one of the customer's identities, which the caller has verified.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kefu.conversations.models import Message
from kefu.customers import profile
from kefu.customers import service as customers
from kefu.handoff.models import Handoff
from kefu.privacy.models import Erasure
from kefu.tickets.lifecycle import OPEN
from kefu.tickets.models import Ticket

#: On these channels customers are logged in; on others they prove a phone, or link with one of these.
LOGGED_IN = frozenset({"app", "wechat"})


def is_proven(session: Session, identity: str) -> bool:
    """Whether somebody has proved who they are: by a phone, or by a channel's login."""
    theirs = customers.identities(session, identity)
    return any(one.channel in LOGGED_IN or one.phone for one in theirs)


def known(session: Session, identity: str) -> dict[str, Any]:
    """What is known of a customer, in short: one entry for each of ``SECTIONS``."""
    circle = customers.circle(session, identity)
    return {name: section(session, identity, circle) for name, section in SECTIONS.items()}


def export(session: Session, identity: str) -> dict[str, Any]:
    """All that is kept of a customer, for them to take away; texts as they were written."""
    circle = customers.circle(session, identity)
    texts = {"messages": _messages(session, circle), "talks": _talks(session, circle)}
    return {**known(session, identity), **texts}


def open_tickets(session: Session, identity: str) -> list[str]:
    """Numbers of tickets that are being worked on, and would be closed if the customer were forgotten."""
    theirs = (Ticket.customer.in_(customers.circle(session, identity)), Ticket.status.in_(OPEN))
    return list(session.scalars(select(Ticket.number).where(*theirs).order_by(Ticket.id)))


def ask(session: Session, identity: str, asked_by: str) -> Erasure:
    """Keeps the wish to be forgotten, which a Rasa server fulfils within seconds; one at a time.

    Args:
        session: The caller's transaction.
        identity: One of the customer's.
        asked_by: See ``Erasure``.
    """
    circle = customers.circle(session, identity)
    pending = session.scalars(select(Erasure).where(Erasure.identity.in_(circle))).first()
    if pending is not None:
        return pending
    wish = Erasure(identity=identity, asked_by=asked_by)
    session.add(wish)
    session.flush()
    return wish


def _identity(session: Session, identity: str, circle: list[str]) -> dict[str, Any]:
    theirs = customers.identities(session, identity)
    language, style = customers.choices_of(session, identity)
    return {
        "phone": customers.phone_of(session, identity),
        "language": language,
        "style": style,
        "channels": [{"channel": one.channel, "since": _moment(one.created_at)} for one in theirs],
    }


def _tickets(session: Session, _: str, circle: list[str]) -> list[dict[str, Any]]:
    query = select(Ticket).where(Ticket.customer.in_(circle)).order_by(Ticket.id)
    return [
        {
            "number": ticket.number,
            "kind": ticket.kind,
            "status": ticket.status,
            "opened_at": _moment(ticket.opened_at),
            "product": ticket.product,
            "description": ticket.description,
            "phone": ticket.phone,
            "rating": ticket.rating,
        }
        for ticket in session.scalars(query)
    ]


def _facts(session: Session, identity: str, _: list[str]) -> list[dict[str, Any]]:
    return [
        {"what": fact.name, "value": fact.value, "source": fact.source, "at": _moment(fact.at)}
        for fact in profile.facts_of(session, identity)
    ]


def _conversation(session: Session, _: str, circle: list[str]) -> dict[str, Any]:
    counted = select(func.count(), func.min(Message.created_at)).where(
        Message.conversation_id.in_(circle), Message.direction == "in"
    )
    messages, first = session.execute(counted).one()
    return {"messages": messages, "since": _moment(first)}


def _messages(session: Session, circle: list[str]) -> list[dict[str, Any]]:
    query = select(Message).where(Message.conversation_id.in_(circle))
    shown = ("text", "card", "image", "voice", "place", "link")
    return [
        {
            "at": _moment(message.created_at),
            "channel": message.channel,
            "from": "customer" if message.direction == "in" else "us",
            **{part: message.body[part] for part in shown if message.body.get(part)},
        }
        for message in session.scalars(query.order_by(Message.created_at, Message.seq))
        if not message.body.get("event")
    ]


def _talks(session: Session, circle: list[str]) -> list[dict[str, Any]]:
    query = select(Handoff).where(Handoff.conversation.in_(circle)).order_by(Handoff.id)
    return [
        {"at": _moment(talk.requested_at), "ended_at": _moment(talk.closed_at), "agreed": talk.note}
        for talk in session.scalars(query)
    ]


def _moment(time: datetime | None) -> str | None:
    """A time as JSON has it, in UTC."""
    return time.isoformat(timespec="seconds") + "Z" if time else None


#: What is known, by topic. A topic that learns more of customers adds a line.
SECTIONS: dict[str, Callable[[Session, str, list[str]], Any]] = {
    "customer": _identity,
    "conversation": _conversation,
    "facts": _facts,
    "tickets": _tickets,
}
