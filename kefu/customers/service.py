"""Use cases of customers: who is behind a channel's identity, linking on proof, and undoing it.

Each takes the caller's transaction, because a message is stored, or a ticket looked up, in the same one.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql import Select
from sqlalchemy.sql.selectable import SelectBase

from kefu.customers.models import Customer, Identity, Link
from kefu.db import batches, utcnow
from kefu.events import record

#: Who spoke within this time is in the midst of a conversation.
FRESH = timedelta(minutes=30)
#: From the lowest to the highest.
LEVELS = ("normal", "vip")
#: After this time a form is over (`session_config` in domain.yml).
SESSION = timedelta(days=1)


class NoSuchCustomer(LookupError):
    """There is no such customer."""


@dataclass(frozen=True)
class Sender:
    """Who sends a message, as the channel knows them (see ``Identity``)."""

    id: str
    channel: str
    subject: str = ""


#: When a customer wrote last, by whichever identity.
_LAST_HEARD = func.max(func.coalesce(Identity.last_message_at, Identity.created_at))
# Made once: at every message, building them would take several times as long as running them.
_own = aliased(Identity)
_CIRCLE = (
    select(Identity.id, Identity.apart_since)
    .join(_own, _own.customer_id == Identity.customer_id)
    .where(_own.id == bindparam("identity"))
)
_CIRCLE_IDS = select(_CIRCLE.subquery().c.id)
_MEET = (
    select(_own.subject, Customer.conversation, Identity.id)
    .join(Customer, Customer.id == _own.customer_id)
    .join(Identity, Identity.customer_id == _own.customer_id)
    .where(_own.id == bindparam("identity"))
)
_CHOICES = (
    select(Customer.language, Customer.style)
    .join(Identity, Identity.customer_id == Customer.id)
    .where(Identity.id == bindparam("identity"))
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


def customers_of(session: Session, identities: Iterable[str]) -> dict[str, str]:
    """Of each identity, the id of its customer; one that is unknown is a customer of its own."""
    wanted = sorted(set(identities))
    found = {identity: identity for identity in wanted}
    for some in batches(wanted):
        query = select(Identity.id, Identity.customer_id).where(Identity.id.in_(some))
        found.update(session.execute(query).all())
    return found


def meet(session: Session, sender: Sender) -> tuple[str, list[str]]:
    """The conversation of ``arrive``, with every identity of the customer, in one query for who is known."""
    found = session.connection().execute(_MEET, {"identity": sender.id}).all()
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


def circle_query(conversation: str) -> Select:
    """Selects what ``circle`` gives, for ``IN`` of a look-up; nothing of somebody unknown."""
    return _CIRCLE_IDS.params(identity=conversation)


def circle(session: Session, conversation: str) -> list[str]:
    """The conversations of the customer to whom ``conversation`` belongs, that one first.

    What is stored under any of them (tickets, messages) is theirs.
    """
    found = session.execute(_CIRCLE, {"identity": conversation}).scalars()
    return [conversation, *sorted(set(found) - {conversation})]


def end_turn(
    session: Session, conversation: str, sender: str, since: datetime, open_form: str | None
) -> tuple[list[str], bool]:
    """Keeps where a conversation stands after a turn, for the choice at a later ``link``.

    Args:
        session: The caller's transaction.
        conversation: Which.
        sender: The identity whose message was answered.
        since: When that came.
        open_form: The form that the answer leaves open.

    Returns:
        What ``circle`` gives, and whether the turn parted them: the sender has left the conversation, or has
        been left alone in their own one by their own wish.
    """
    run = session.connection().execute
    run(_NOTE_TURN, {"conversation": conversation, "form": open_form, "now": utcnow()})
    apart = {row.id: row.apart_since for row in run(_CIRCLE, {"identity": conversation})}
    left = bool(apart) and sender not in apart
    alone = apart.get(sender) is not None and apart[sender] >= since
    return [conversation, *sorted(set(apart) - {conversation})], left or alone


def identities(session: Session, conversation: str) -> list[Identity]:
    """The identities of the customer to whom ``conversation`` belongs, the oldest first."""
    own = select(Identity.customer_id).where(Identity.id == conversation).scalar_subquery()
    query = select(Identity).where(Identity.customer_id == own).order_by(Identity.created_at, Identity.id)
    return list(session.scalars(query))


def phone_of(session: Session, conversation: str) -> str | None:
    """The number that the customer has proved, if there is one."""
    query = select(Customer.phone).join(Identity, Identity.customer_id == Customer.id)
    return session.scalar(query.where(Identity.id == conversation))


def level_of(session: Session, conversation: str) -> str:
    """The level of the customer to whom ``conversation`` belongs; ``normal`` for somebody unknown."""
    query = select(Customer.level).join(Identity, Identity.customer_id == Customer.id)
    return session.scalar(query.where(Identity.id == conversation)) or LEVELS[0]


def choices_of(session: Session, identity: str) -> tuple[str | None, str | None]:
    """The language and the style that the customer behind an identity chose, on whatever channel."""
    found = session.connection().execute(_CHOICES, {"identity": identity}).first()
    return (found.language, found.style) if found else (None, None)


def choose(session: Session, identity: str, **chosen: str | None) -> None:
    """Keeps what a customer chose: ``language``, ``style``, or both; nothing for somebody unknown."""
    own = session.get(Identity, identity)
    if own is not None:
        customer = session.get(Customer, own.customer_id)
        for name, value in chosen.items():
            setattr(customer, name, value)
        session.flush()


def set_level(session: Session, customer_id: str, level: str) -> str:
    """Gives a customer and their identities a level; who was linked to another since counts as that one.

    Returns:
        The level before.

    Raises:
        NoSuchCustomer: There is none of that id.
        ValueError: ``level`` is none of ``LEVELS``.
    """
    if level not in LEVELS:
        raise ValueError(f"level: {level!r} is not one of {', '.join(LEVELS)}")
    customer = _present(session, customer_id)
    before, customer.level = customer.level, level
    theirs = update(Identity).where(Identity.customer_id == customer.id).values(level=level)
    session.execute(theirs.execution_options(synchronize_session=False))
    if before != level:
        record(session, "customer.level", customer.conversation, level=level)
    session.flush()
    return before


def find(session: Session, text: str) -> list[str]:
    """The present conversations of customers by an identity's id, or by a phone that was proved."""
    digits = "".join(filter(str.isdigit, text))
    phones = {text, f"+{digits}", f"+86{digits}"} if 7 <= len(digits) <= 15 else {text}
    query = select(Customer.conversation).join(Identity, Identity.customer_id == Customer.id)
    found = query.where((Identity.id == text) | Customer.phone.in_(sorted(phones))).distinct()
    return list(session.scalars(found))


def by_short_id(session: Session, text: str, limit: int = 20) -> list[str]:
    """The present conversations of customers whose id, or one of their identities', ends so; newest first."""
    query = select(Customer.conversation).join(Identity, Identity.customer_id == Customer.id)
    ends = Customer.conversation.endswith(text, autoescape=True) | Identity.id.endswith(text, autoescape=True)
    query = query.where(ends).group_by(Customer.conversation).order_by(_LAST_HEARD.desc())
    return list(session.scalars(query.limit(limit)))


def recent(session: Session, limit: int, among: SelectBase | None = None) -> list[str]:
    """The present conversations of the customers who wrote last, only of those who speak in ``among``."""
    query = select(Customer.conversation).join(Identity, Identity.customer_id == Customer.id)
    if among is not None:
        query = query.where(Customer.id.in_(select(Identity.customer_id).where(Identity.id.in_(among))))
    query = query.group_by(Customer.conversation).order_by(_LAST_HEARD.desc())
    return list(session.scalars(query.limit(limit)))


def by_account(session: Session, account: str) -> list[str]:
    """The present conversations of customers by their account of the company's app."""
    query = select(Customer.conversation).join(Identity, Identity.customer_id == Customer.id)
    found = query.where(Identity.channel == "app", Identity.subject == account).distinct()
    return list(session.scalars(found))


def link(session: Session, identity: str, customer: str, proof: str, idle: bool = False) -> str:
    """Puts an identity, with those already linked to it, under a customer.

    The conversation that is in the making goes on: one with an open form, else the customer's if they
    spoke within ``FRESH``, else the identity's. Two links at once follow each other, whatever they link.

    Args:
        session: The caller's transaction.
        identity: Who proved to be the customer.
        customer: The customer's id.
        proof: How (see ``Link``).
        idle: Whether nothing but the linking was talked about on the identity's side, so that the customer's
            conversation goes on, fresh or not.

    Returns:
        The conversation that goes on.
    """
    source, target = _both(session, identity, customer)
    if source is target:
        return target.conversation
    target.conversation = _going_on(session, target, source, idle)
    # One number for each customer: the one by which, or beside which, they were found is the newer proof.
    phone, source.phone = source.phone, None
    session.flush()
    target.phone = target.phone or phone
    target.level = max(target.level, source.level, key=LEVELS.index)
    target.language, target.style = target.language or source.language, target.style or source.style
    for moved in _identities(session, source.id):
        moved.customer_id, moved.apart_since = target.id, None
        session.add(Link(identity_id=moved.id, from_customer=source.id, to_customer=target.id, proof=proof))
        record(session, "customer.linked", moved.id, conversation=target.conversation, proof=proof)
    session.flush()
    return target.conversation


def unlink(session: Session, identity: str) -> str | None:
    """Takes an identity out of its customer again, back to its own conversation.

    A proved phone goes with it, unless one of the others has proved it, too.

    Returns:
        The conversation that they shared, or ``None`` if the identity was linked with nobody.
    """
    customer, _ = _both(session, identity, None)
    others = [other for other in _identities(session, customer.id) if other.id != identity]
    if not others:
        return None
    own, shared = session.get(Identity, identity), customer.conversation
    alone = _new_customer(session, identity)
    if own.phone and own.phone in [other.phone for other in others]:
        own.phone = None
    elif own.phone and own.phone == customer.phone:
        customer.phone = next((other.phone for other in others if other.phone), None)
    session.flush()
    alone.phone, alone.level = own.phone, own.level
    alone.language, alone.style = customer.language, customer.style
    customer.level = max((other.level for other in others), key=LEVELS.index)
    own.customer_id, own.apart_since = alone.id, utcnow()
    if shared == identity:
        customer.conversation = max(others, key=lambda other: other.last_message_at or other.created_at).id
    undone = update(Link).where(Link.identity_id == identity, Link.undone_at.is_(None))
    session.execute(undone.values(undone_at=utcnow()).execution_options(synchronize_session=False))
    record(session, "customer.unlinked", identity, conversation=shared)
    session.flush()
    return shared


def linked_channels(session: Session, identity: str) -> list[str]:
    """The channels, besides its own, on which the customer behind an identity is known; each once."""
    here = session.get(Identity, identity)
    if here is None:
        return []
    others = [other.channel for other in _identities(session, here.customer_id) if other.id != identity]
    return list(dict.fromkeys(others))


def channel_of(session: Session, identity: str) -> str:
    """The channel that knows an identity; of one that is unknown, what its id begins with."""
    found = session.execute(select(Identity.channel).where(Identity.id == identity)).scalar()
    return found or identity.partition("-")[0]


def lock(session: Session, identity: str) -> None:
    """Lets nobody link or unlink the customer behind an identity until the transaction ends."""
    if session.get(Identity, identity) is not None:
        _both(session, identity, None)


def _new_customer(session: Session, conversation: str) -> Customer:
    customer = Customer(id=uuid.uuid4().hex, conversation=conversation)
    session.add(customer)
    session.flush()
    return customer


def _both(session: Session, identity: str, customer: str | None) -> tuple[Customer, Customer | None]:
    """The customers behind ``identity`` and ``customer``, locked until the transaction ends.

    Locked in the order of their ids, so that two links of the same people wait for each other instead of
    each taking what the other gives away. One whose identities went elsewhere meanwhile is followed.
    """
    while True:
        behind = select(Identity.customer_id).where(Identity.id == identity)
        own = session.execute(behind).scalar_one()
        found = _locked(session, {own, customer or own})
        if customer is not None and customer != own and not _identities(session, customer):
            customer = _heir(session, customer)
        elif session.execute(behind).scalar_one() == own:
            return found[own], found[customer] if customer else None


def _present(session: Session, customer: str) -> Customer:
    """The customer, locked; or the one to whom their identities went."""
    while True:
        found = _locked(session, {customer}).get(customer)
        if found is None:
            raise NoSuchCustomer(customer)
        if _identities(session, customer):
            return found
        customer = _heir(session, customer)


def _locked(session: Session, customers: set[str]) -> dict[str, Customer]:
    """These customers by their id, as they are now, locked until the transaction ends."""
    wanted = sorted(customers)
    for one in wanted:  # a write that changes nothing: SQLite has no other lock
        same = update(Customer).where(Customer.id == one).values(conversation=Customer.conversation)
        session.execute(same.execution_options(synchronize_session=False))
    fresh = select(Customer).where(Customer.id.in_(wanted)).execution_options(populate_existing=True)
    return {row.id: row for row in session.execute(fresh).scalars()}


def _heir(session: Session, customer: str) -> str:
    """To whom the identities of a customer who has none any more went."""
    heirs = select(Link.to_customer).where(Link.from_customer == customer).order_by(Link.id.desc())
    return session.execute(heirs.limit(1)).scalar_one()


def _identities(session: Session, customer: str) -> list[Identity]:
    query = select(Identity).where(Identity.customer_id == customer)
    query = query.order_by(Identity.created_at, Identity.id)
    return list(session.execute(query.execution_options(populate_existing=True)).scalars())


def _going_on(session: Session, target: Customer, source: Customer, idle: bool) -> str:
    theirs = session.get(Identity, target.conversation)
    joining = session.get(Identity, source.conversation)
    if _in_form(joining) and not _in_form(theirs):
        return joining.id
    if idle or _in_form(theirs) or joining.last_message_at is None or _within(theirs, FRESH):
        return theirs.id
    return joining.id


def _in_form(identity: Identity) -> bool:
    """Whether a form waits for an answer in an identity's own conversation; not for long, as sessions end."""
    return identity.open_form is not None and _within(identity, SESSION)


def _within(identity: Identity, time: timedelta) -> bool:
    return identity.last_message_at is not None and identity.last_message_at > utcnow() - time
