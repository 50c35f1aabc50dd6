"""What the console's page sees of things: plain JSON values; times are UTC with a Z."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from kefu.console.models import Account
from kefu.console.open.models import ApiToken
from kefu.conversations.ledger import Entry
from kefu.customers.models import Identity
from kefu.customers.profile import Profile
from kefu.handoff.models import Handoff
from kefu.handoff.overview import Row
from kefu.language.detect import language_of
from kefu.tickets.assignment import is_unassigned
from kefu.tickets.models import Ticket, TicketNote
from kefu.tickets.worklist import next_steps
from kefu.webhooks.deliveries import MARKED_AFTER
from kefu.webhooks.models import Delivery, Subscription


def moment(at: datetime | None) -> str | None:
    """A time of the database as JSON."""
    return at.isoformat(timespec="milliseconds") + "Z" if at else None


def message(entry: Entry) -> dict[str, Any]:
    """A message of a conversation; ``from`` is customer, bot, agent or event (of which nothing is shown)."""
    body = entry.body
    shown = {
        "conversation": entry.conversation,
        "seq": entry.seq,
        "at": moment(entry.created_at),
        "channel": entry.channel,
    }
    if body.get("event"):
        return {**shown, "from": "event"}
    if entry.direction == "in":
        kept = ("kind", "text", "image", "voice", "place", "link")
        shown["language"] = language_of(body.get("text") or "") or body.get("language")
        return {**shown, "from": "customer"} | {name: body[name] for name in kept if body.get(name)}
    shown["from"] = "agent" if body.get("agent") else "bot"
    kept = ("text", "image", "card", "notice", "aside", "case", "agent")
    shown |= {name: body[name] for name in kept if body.get(name)}
    if body.get("buttons"):
        shown["buttons"] = [button["title"] for button in body["buttons"]]
    pushed = "sending" if entry.delivery == "taken" else entry.delivery
    state = "read" if entry.read_at else "delivered" if entry.delivered_at else pushed
    return {**shown, "state": state} if state else shown


def handoff(row: Row, conversation: str) -> dict[str, Any]:
    """An open takeover, whose customer speaks in ``conversation`` now."""
    return {
        "id": row.id,
        "conversation": conversation,
        "channel": row.conversation.partition("-")[0],
        "state": row.state,
        "reason": row.reason,
        "level": row.level,
        "mood": row.mood,
        "queue": row.queue,
        "skill": row.skill,
        "priority": row.priority,
        "requested_at": moment(row.requested_at),
        "accepted_at": moment(row.accepted_at),
        "agent_id": row.agent_id,
        "preferred_agent_id": row.preferred_agent_id,
        "idle_step": row.idle_step,
        "passed_on": row.passed_on,
        "typing_at": moment(row.customer_typing_at),
    }


def past_handoff(item: Handoff, names: dict[int, str]) -> dict[str, Any]:
    """A takeover in a customer's history."""
    return {
        "id": item.id,
        "state": item.state,
        "reason": item.reason,
        "mood": item.mood,
        "queue": item.queue,
        "reasons": item.reasons,
        "agent": names.get(item.agent_id),
        "requested_at": moment(item.requested_at),
        "closed_at": moment(item.closed_at),
        "closed_by": item.closed_by,
        "note": item.note,
    }


def identity(item: Identity) -> dict[str, Any]:
    """One of the ways in which a customer reaches us."""
    return {
        "id": item.id,
        "channel": item.channel,
        "since": moment(item.created_at),
        "last_at": moment(item.last_message_at),
    }


#: How many facts of each kind are shown with their sources.
_FACTS = 20
#: Kinds of facts that are shown one by one; of the others only what they come to.
_SHOWN = ("device", "city", "order", "topic")


def profile(item: Profile) -> dict[str, Any]:
    """What is known of a customer, with where it is from and since when."""
    facts = [fact for fact in item.facts if fact.name in _SHOWN]
    return {
        "channel": item.channel,
        "language": item.language,
        "hours": sorted(item.hours),
        "mood": None if item.mood is None else round(item.mood, 2),
        "trend": item.trend,
        "facts": [
            {
                "name": fact.name,
                "value": fact.value,
                "weight": round(fact.weight, 2),
                "since": moment(fact.since),
                "at": moment(fact.at),
                "source": fact.source,
                "corrected_by": fact.corrected_by,
            }
            for fact in facts[:_FACTS]
        ],
    }


def masked(phone: str | None) -> str | None:
    """A phone number of which the middle is hidden: enough to ask whether it is theirs."""
    return f"{phone[:-8]}****{phone[-4:]}" if phone and len(phone) > 8 else phone


def ticket(
    item: Ticket, role: str, names: Mapping[str, str] = MappingProxyType({}), agent_id: int | None = None
) -> dict[str, Any]:
    """A ticket in a list, for the colleague of that role and agent.

    ``names`` are those of colleagues, by ``agent:7`` and ``account:7``.
    """
    return {
        "number": item.number,
        "status": item.status,
        "kind": item.kind,
        "urgency": item.urgency,
        "mood": item.mood,
        "queue": item.queue,
        "priority": item.priority,
        "respond_by": moment(item.respond_by),
        "resolve_by": moment(item.resolve_by),
        "respond_warn_at": moment(item.respond_warn_at),
        "resolve_warn_at": moment(item.resolve_warn_at),
        "responded_at": moment(item.responded_at),
        "was_late": item.resolve_stage == "breached",
        "paused_at": moment(item.paused_at),
        "assignee_id": item.assignee_id,
        "assignee": names.get(f"agent:{item.assignee_id}"),
        "waits": is_unassigned(item),
        "reserved": item.reserved,
        "escalated_at": moment(item.escalated_at),
        "product": item.product,
        "category": item.category,
        "summary": item.description[:120],
        "customer": item.customer,
        "channel": item.channel,
        "urged": item.urged,
        "rating": item.rating,
        "opened_at": moment(item.opened_at),
        "changed_at": moment(item.changed_at),
        "merged_into": item.merged_into,
        "version": item.version,
        "steps": next_steps(item, role, agent_id),
    }


#: What the page shows of what a note keeps.
_NOTED = ("rating", "count", "into", "from", "why", "queue", "clock", "status", "changes")


def whole_ticket(
    item: Ticket,
    role: str,
    merged: Sequence[Ticket],
    names: Mapping[str, str],
    agent_id: int | None = None,
    others: Sequence[Ticket] = (),
) -> dict[str, Any]:
    """A ticket with its time line, into which go those of the tickets that were ``merged`` into it.

    ``names`` and ``agent_id`` as in ``ticket``; ``others`` are this customer's other open tickets.
    """
    notes = [(note, one) for one in (item, *merged) for note in one.notes]
    line = [
        {"at": moment(note.at), "kind": note.kind, "text": note.text, "by": _by(note, names)}
        | {"to": names.get(note.data.get("to"))}
        | {key: note.data[key] for key in _NOTED if key in note.data}
        | ({"of": one.number, "description": one.description} if one is not item else {})
        for note, one in sorted(notes, key=lambda pair: (pair[0].at, pair[0].id))
    ]
    return {
        **ticket(item, role, names, agent_id),
        "description": item.description,
        "phone": item.phone,
        "timeline": line,
        "reasons": item.reasons,
        "merged": [one.number for one in merged],
        "others": [{"number": one.number, "summary": one.description[:60]} for one in others],
    }


def _by(note: TicketNote, names: Mapping[str, str]) -> str | None:
    """Who did what a note says; who gets a reopened ticket back did nothing."""
    return None if note.data.get("why") == "had_it" else names.get(note.data.get("by"))


def account(item: Account) -> dict[str, Any]:
    """An account as administrators see it."""
    return {
        "id": item.id,
        "login": item.login,
        "name": item.name,
        "role": item.role,
        "agent_id": item.agent_id,
        "active": item.active,
        "must_change": item.must_change,
        "locked_until": moment(item.locked_until),
        "created_at": moment(item.created_at),
    }


def token(item: ApiToken) -> dict[str, Any]:
    """A token as administrators see it."""
    times = ("created_at", "expires_at", "used_at", "revoked_at")
    shown = {name: moment(getattr(item, name)) for name in times}
    return {"id": item.id, "name": item.name, "scopes": item.scopes, **shown}


def webhook(item: Subscription) -> dict[str, Any]:
    """A webhook and how it fares."""
    failing = "failing" if item.failures >= MARKED_AFTER else "ok"
    return {
        "id": item.id,
        "url": item.url,
        "kinds": item.kinds,
        "active": item.active,
        "state": failing if item.active else item.ended or "off",
        "failures": item.failures,
        "failing_since": moment(item.failing_since),
        "created_at": moment(item.created_at),
    }


def delivery(item: Delivery) -> dict[str, Any]:
    """One delivery of a webhook."""
    shown = {
        name: getattr(item, name)
        for name in ("id", "message_id", "kind", "state", "tries", "status", "error")
    }
    times = {name: moment(getattr(item, name)) for name in ("created_at", "tried_at")}
    return {**shown, **times, "next_at": moment(item.next_at) if item.state == "due" else None}
