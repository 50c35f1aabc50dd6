"""Routes on customers: what was said over all channels, who they are, private notes, suggested answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Query
from pydantic import constr
from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.console import accounts, views
from kefu.console.account_api import Body
from kefu.console.accounts import Me
from kefu.console.guard import allowed, transaction
from kefu.console.helper import HelperFailed, helper
from kefu.console.models import Account, PrivateNote
from kefu.console.permissions import may
from kefu.console.reach import circle
from kefu.console.refusals import Refusal, not_found
from kefu.console.suggestions import suggest, text_of
from kefu.conversations.ledger import Ledger
from kefu.customers import profile
from kefu.customers import service as customers
from kefu.customers.profile import profile_of
from kefu.customers.service import LEVELS
from kefu.db import session_scope
from kefu.handoff import agents, overview
from kefu.handoff import service as handoffs
from kefu.handoff.models import Agent
from kefu.knowledge.schema import TICKET_KINDS, URGENCIES
from kefu.knowledge.service import catalog, is_product
from kefu.tickets import service, worklist
from kefu.tickets.service import TicketRequest
from kefu.tickets.worklist import Filters

router = APIRouter(prefix="/api")

PAGE, MAX_PAGE, MAX_NOTE = 40, 200, 2000
#: So many customers are shown; and so many characters, of the end of a number or id, tell enough.
MAX_FOUND, MIN_TAIL = 20, 4
_ledger = Ledger()


class NewLevel(Body):
    """How much a customer matters; they never see it."""

    level: Literal[LEVELS]


class Correction(Body):
    """Whether something known of a customer is right; what was not known is added."""

    name: Literal["device", "city"]
    value: constr(strip_whitespace=True, min_length=1, max_length=200)
    right: bool


class NewTicket(Body):
    """What a colleague wants done for the customer; ``id`` is the same for a repeated request."""

    id: constr(regex=r"^[0-9a-f-]{36}$")  # noqa: F722
    kind: Literal[tuple(TICKET_KINDS)]
    urgency: Literal[tuple(URGENCIES)] = "normal"
    description: constr(strip_whitespace=True, min_length=1, max_length=MAX_NOTE)
    phone: constr(strip_whitespace=True, min_length=1, max_length=32) | None


class NewNote(Body):
    """A note that customers never see."""

    text: constr(strip_whitespace=True, min_length=1, max_length=MAX_NOTE)


class Reword(Body):
    """An entry of the knowledge, by its reference, and what is to be made of it."""

    ref: constr(min_length=1, max_length=280)
    task: Literal["polish", "summarise"]


#: What is answered where the helper made nothing of it.
_HELPLESS = {
    "off": (404, "helper_off", "No helper is set up."),
    "budget": (429, "helper_budget", "The helper is used up for today."),
    "unavailable": (503, "helper_unavailable", "The helper does not answer."),
    "unfaithful": (422, "helper_unfaithful", "The helper said what the entry does not say."),
}


@router.get("/conversations/{conversation}/messages")
def messages(
    conversation: str,
    before: int | None = None,
    limit: int = Query(PAGE, ge=1, le=MAX_PAGE),
    me: Me = allowed("customers"),
) -> dict[str, Any]:
    """The last messages of a conversation, or the last before a number, oldest first.

    ``earlier`` is the customer's conversation to ask for next, once the first message of this one is reached:
    what they said on other channels before those were linked.
    """
    with session_scope() as session:
        allowed_ones = circle(session, me, conversation)
    # A page that was opened before channels were linked goes on with where the customer speaks now.
    found = _ledger.before(conversation, before, limit)
    order = [one for one in _ledger.conversations_of(allowed_ones[0])]
    place = order.index(conversation) if conversation in order else -1
    older = bool(found) and found[0].seq > 1
    earlier = order[place + 1] if not older and 0 <= place < len(order) - 1 else None
    shown = [views.message(entry) for entry in found]
    return {"messages": shown, "older": older, "earlier": earlier, "present": allowed_ones[0]}


@router.get("/conversations/{conversation}/customer")
def customer(
    conversation: str, me: Me = allowed("customers"), session: Session = transaction()
) -> dict[str, Any]:
    """Who it is: identities, tickets, earlier talks with people, private notes."""
    theirs = circle(session, me, conversation)
    talks = overview.of_circle(session, theirs)
    names = dict(session.execute(select(Agent.id, Agent.name)).all())
    notes = select(PrivateNote, Account.name).join(Account).where(PrivateNote.conversation.in_(theirs))
    return {
        "conversation": theirs[0],
        "phone": views.masked(customers.phone_of(session, theirs[0])),
        "level": customers.level_of(session, theirs[0]),
        "profile": views.profile(profile_of(session, theirs[0])),
        "identities": [views.identity(item) for item in customers.identities(session, theirs[0])],
        "tickets": [
            views.ticket(item, me.role, agent_id=me.agent_id)
            for item in worklist.of_customer(session, theirs)
        ],
        "talks": [views.past_handoff(item, names) for item in talks],
        "notes": [
            {"id": note.id, "at": views.moment(note.at), "by": name, "text": note.text}
            for note, name in session.execute(notes.order_by(PrivateNote.id))
        ],
    }


@router.post("/conversations/{conversation}/level")
def set_level(
    conversation: str, wish: NewLevel, me: Me = allowed("supervise"), session: Session = transaction()
) -> dict[str, Any]:
    """Gives the customer a level, which decides with others who is served first."""
    theirs = customers.identities(session, circle(session, me, conversation)[0])
    if not theirs:
        raise not_found("customer")
    customer_id = theirs[0].customer_id
    before = customers.set_level(session, customer_id, wish.level)
    accounts.audit(session, me, "customer.level", f"customer:{customer_id}", level=wish.level, before=before)
    return {"level": wish.level}


@router.post("/conversations/{conversation}/facts")
def correct_fact(
    conversation: str, wish: Correction, me: Me = allowed("customers"), session: Session = transaction()
) -> dict[str, Any]:
    """Confirms or denies something known of the customer."""
    present = circle(session, me, conversation)[0]
    if wish.name == "device" and wish.right and not is_product(session, wish.value):
        raise Refusal(422, "unknown", "There is no such product.", "value")
    profile.correct(session, present, wish.name, wish.value, wish.right, f"account:{me.id}")
    accounts.audit(session, me, "customer.corrected", f"conversation:{present}", fact=wish.name)
    return {"profile": views.profile(profile_of(session, present))}


@router.post("/conversations/{conversation}/notes")
def add_note(
    conversation: str, note: NewNote, me: Me = allowed("customers"), session: Session = transaction()
) -> dict[str, Any]:
    """Notes something among colleagues."""
    theirs = circle(session, me, conversation)
    kept = PrivateNote(conversation=theirs[0], account_id=me.id, text=note.text)
    session.add(kept)
    session.flush()
    accounts.audit(session, me, "note.added", f"note:{kept.id}")
    return {"note": {"id": kept.id, "at": views.moment(kept.at), "by": me.name, "text": kept.text}}


@router.post("/conversations/{conversation}/tickets")
def open_ticket(conversation: str, new: NewTicket, me: Me = allowed("customers")) -> dict[str, Any]:
    """Opens a ticket for the customer, who is told; the routing rules say who gets it."""
    with session_scope() as session:
        present = circle(session, me, conversation)[0]
        channel = customers.channel_of(session, present)
    asked = new.dict(exclude={"id"})
    ticket = service.open_ticket(
        TicketRequest(f"console-{new.id}", present, channel, told="", **asked),
    )
    with session_scope() as session:
        accounts.audit(session, me, "ticket.opened", f"ticket:{ticket.number}")
    return {"number": ticket.number}


@router.get("/conversations/{conversation}/suggestions")
def suggestions(
    conversation: str,
    q: str = Query("", max_length=500),
    language: Literal["zh", "en"] = "zh",
    me: Me = allowed("customers"),
) -> dict[str, Any]:
    """What the knowledge says to a question, or to what the customer wrote last."""
    with session_scope() as session:
        present = circle(session, me, conversation)[0]
        asked = handoffs.current(session, present)
        since = asked.requested_at if asked and asked.reason == "asked" else None
    question = q.strip() or _last_words(present, since)
    found = suggest(question, language) if question else []
    return {"question": question, "suggestions": found, "helper": bool(helper().url)}


@router.post("/suggestions/reword")
def reword(wish: Reword, me: Me = allowed("customers")) -> dict[str, Any]:
    """What the helper makes of an entry of the knowledge, as far as that says so; for operators to read."""
    fact = catalog().graph.get(wish.ref)
    if fact is None:
        raise not_found("entry")
    try:
        return {"text": helper().reword(text_of(fact), wish.task)}
    except HelperFailed as failed:
        raise Refusal(*_HELPLESS[failed.code]) from failed


@router.get("/customers")
def find_customers(
    q: str = Query("", max_length=64),
    me: Me = allowed("customers"),
    session: Session = transaction(),
) -> dict[str, Any]:
    """Customers by a ticket's number or its end, a phone, or an identity or its end; only those one may see.

    Without words, those who wrote last.
    """
    text = q.strip()
    shown: dict[str, dict] = {}
    for conversation in _found(session, text) if text else _recent(session, me):
        if len(shown) == MAX_FOUND:
            break
        try:
            theirs = circle(session, me, conversation)
        except Refusal:
            continue
        shown[theirs[0]] = {
            "conversation": theirs[0],
            "phone": views.masked(customers.phone_of(session, theirs[0])),
            "identities": [views.identity(item) for item in customers.identities(session, theirs[0])],
            "tickets": len(worklist.of_customer(session, theirs)),
        }
    if text:
        accounts.audit(session, me, "customers.searched", found=len(shown))
    return {"customers": list(shown.values())}


def _recent(session: Session, me: Me) -> list[str]:
    """Who wrote last of those whom one may see."""
    among = None if may(me.role, "supervise") else agents.known(session, me.agent_id)
    return customers.recent(session, MAX_FOUND, among)


def _found(session: Session, text: str) -> list[str]:
    found = customers.find(session, text)
    if len(text) >= MIN_TAIL:
        found += customers.by_short_id(session, text.lower())
        tickets, _ = worklist.find(session, Filters(text=text), limit=MAX_FOUND)
        found += [ticket.customer for ticket in tickets]
    return found


def _last_words(conversation: str, asked_at: datetime | None) -> str:
    """What the customer wrote last, in so far as it is words.

    Args:
        conversation: Whose.
        asked_at: When they asked for a person: before the words that did so stand those that say what for.
    """
    said = [
        entry
        for entry in _ledger.before(conversation, None, 20)
        if entry.direction == "in" and not entry.body.get("event") and entry.body.get("text")
    ]
    count = 2 if said and asked_at and said[-1].created_at <= asked_at else 1
    return " ".join(entry.body["text"] for entry in said[-count:])[:500]
