"""Use cases of customers: who is behind a channel's identity, linking on proof, and undoing it.

Each takes the caller's transaction, because a message is stored, or a ticket looked up, in the same one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session, aliased

from kefu.customers.models import Customer, Identity, Link
from kefu.db import batches, utcnow
from kefu.events import record

#: Who spoke within this time is in the midst of a conversation.
FRESH = timedelta(minutes=30)


@dataclass(frozen=True)
class Sender:
    """Who sends a message, as the channel knows them (see ``Identity``)."""

    id: str
    channel: str
    subject: str = ""


# Made once: at every message, building them would take several times as long as running them.
_own = aliased(Identity)
_CIRCLE = (
    select(Identity.id)
    .join(_own, _own.customer_id == Identity.customer_id)
    .where(_own.id == bindparam("identity"))
)
_MEET = (
    select(_own.subject, Customer.conversation, Identity.id)
    .join(Customer, Customer.id == _own.customer_id)
    .join(Identity, Identity.customer_id == _own.customer_id)
    .where(_own.id == bindparam("identity"))
)
_NOTE_TURN = (
    update(Identity.__table__)
    .where(Identity.__table__.c.id == bindparam("conversation"))
    .values(open_form=bindparam("form"), last_message_at=bindparam("now"))
)


def conversation_of(session: Session, identity: str) -> str:
    """The conversation in which this identity speaks now; its own one if it is unknown yet."""
    query = (
        select(Customer.conversation)
        .join(Identity, Identity.customer_id == Customer.id)
        .where(Identity.id == identity)
    )
    return session.execute(query).scalar() or identity


def conversations_of(session: Session, identities: Iterable[str]) -> dict[str, str]:
    """Of each identity that is known, the conversation in which it speaks now."""
    query = select(Identity.id, Customer.conversation).join(Customer, Customer.id == Identity.customer_id)
    found: dict[str, str] = {}
    for some in batches(sorted(identities)):
        found.update(session.execute(query.where(Identity.id.in_(some))).all())
    return found


def meet(session: Session, sender: Sender) -> tuple[str, list[str]]:
    """The conversation of ``arrive``, with every identity of the customer, in one query for who is known."""
    found = session.execute(_MEET, {"identity": sender.id}).all()
    if not found or (sender.subject and found[0].subject != sender.subject):
        return arrive(session, sender), [sender.id, *(row.id for row in found if row.id != sender.id)]
    return found[0].conversation, [row.id for row in found]


def arrive(session: Session, sender: Sender) -> str:
    """The conversation that a message of ``sender`` belongs to; keeps who is new."""
    found = session.get(Identity, sender.id)
    if found is None:
        customer = _new_customer(session, sender.id)
        session.add(
            Identity(id=sender.id, channel=sender.channel, subject=sender.subject, customer_id=customer.id)
        )
        session.flush()
        return sender.id
    if sender.subject and found.subject != sender.subject:
        found.subject = sender.subject
    return conversation_of(session, sender.id)


def circle(session: Session, conversation: str) -> list[str]:
    """The conversations of the customer to whom ``conversation`` belongs, that one first.

    What is stored under any of them (tickets, messages) is theirs.
    """
    found = session.execute(_CIRCLE, {"identity": conversation}).scalars()
    return [conversation, *sorted(set(found) - {conversation})]


def link(session: Session, identity: str, customer: str, proof: str) -> str:
    """Puts an identity, with those already linked to it, under a customer.

    The conversation that is in the making goes on: one with an open form, else the customer's if they
    spoke within ``FRESH``, else the identity's.

    Args:
        session: The caller's transaction.
        identity: Who proved to be the customer.
        customer: The customer's id.
        proof: How (see ``Link``).

    Returns:
        The conversation that goes on.
    """
    joining = session.get(Identity, identity).customer_id
    target = session.get(Customer, customer)
    if joining == customer:
        return target.conversation
    source = session.get(Customer, joining)
    target.conversation = _going_on(session, target, source)
    if target.phone is None and source.phone is not None:
        phone, source.phone = source.phone, None
        session.flush()
        target.phone = phone
    for moved in session.execute(select(Identity).where(Identity.customer_id == joining)).scalars():
        moved.customer_id = customer
        session.add(Link(identity_id=moved.id, from_customer=joining, to_customer=customer, proof=proof))
        record(session, "customer.linked", target.conversation, identity=moved.id, proof=proof)
    session.flush()
    return target.conversation


def unlink(session: Session, identity: str) -> str | None:
    """Takes an identity out of its customer again, back to its own conversation.

    The phone stays with the others.

    Returns:
        The conversation that they shared, or ``None`` if the identity was linked with nobody.
    """
    own = session.get(Identity, identity)
    customer = session.get(Customer, own.customer_id)
    query = select(Identity).where(Identity.customer_id == customer.id, Identity.id != identity)
    others = session.execute(query).scalars().all()
    if not others:
        return None
    shared = customer.conversation
    own.customer_id = _new_customer(session, identity).id
    if shared == identity:
        customer.conversation = max(others, key=lambda other: other.last_message_at or other.created_at).id
    undone = update(Link).where(Link.identity_id == identity, Link.undone_at.is_(None))
    session.execute(undone.values(undone_at=utcnow()).execution_options(synchronize_session=False))
    record(session, "customer.unlinked", identity, shared=shared)
    session.flush()
    return shared


def note_turn(session: Session, conversation: str, open_form: str | None) -> None:
    """Keeps where a conversation stands after a turn, for the choice at a later ``link``."""
    session.execute(_NOTE_TURN, {"conversation": conversation, "form": open_form, "now": utcnow()})


def _new_customer(session: Session, conversation: str) -> Customer:
    customer = Customer(id=uuid.uuid4().hex, conversation=conversation)
    session.add(customer)
    session.flush()
    return customer


def _going_on(session: Session, target: Customer, source: Customer) -> str:
    theirs = session.get(Identity, target.conversation)
    joining = session.get(Identity, source.conversation)
    if joining.open_form and not theirs.open_form:
        return joining.id
    if theirs.open_form:
        return theirs.id
    fresh = theirs.last_message_at is not None and theirs.last_message_at > utcnow() - FRESH
    return theirs.id if fresh or joining.last_message_at is None else joining.id
