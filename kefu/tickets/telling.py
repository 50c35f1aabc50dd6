"""What a customer is told of a ticket: where it stands, who has it, what comes next, and by when.

The words are those of ``labels`` in ``data/knowledge/categories.yml``.
"""

from __future__ import annotations

from datetime import datetime

from kefu.db import company_time, utcnow
from kefu.knowledge.categories import rules
from kefu.tickets.models import Ticket

#: Stands for what there is none of.
NOT_GIVEN = "-"
#: Until which hour it is morning, and afternoon.
_NOON, _EVENING = 12, 18
#: How many days ahead a day is told by its weekday.
_WEEK = 7


def facts(ticket: Ticket, language: str) -> dict[str, str | int]:
    """What responses may say of a ticket, in ``zh`` or ``en``."""
    labels, holder = rules().labels, ticket.holder
    # What somebody works on is nobody's by name where another system has begun with it.
    waits = "supervisor" if ticket.escalated_at and ticket.is_open else "holder"
    nobody = labels.not_given[waits if ticket.status in ("new", "assigned") else "team"]
    return {
        "number": ticket.number,
        "status": labels.statuses[ticket.status].get(language),
        "holder": (holder.data.get("name") if holder else None) or nobody.get(language),
        "next": next_step(ticket, language, utcnow()),
        "kind": labels.ticket_kinds[ticket.kind].get(language),
        "urgency": labels.urgencies[ticket.urgency].get(language),
        "problem": ticket.description[:60],
        "category": ticket.category or NOT_GIVEN,
        "opened": company_time(ticket.opened_at).strftime("%Y-%m-%d %H:%M"),
        "changed": company_time(ticket.changed_at).strftime("%Y-%m-%d %H:%M"),
        "urged": ticket.urged,
        "into": ticket.merged_into or NOT_GIVEN,
        "said": ticket.said or NOT_GIVEN,
    }


def masked(phone: str) -> str:
    """A phone number that its owner recognises and nobody else can call: 138****8000."""
    return f"{phone[:3]}****{phone[-4:]}"


def next_step(ticket: Ticket, language: str, now: datetime) -> str:
    """What comes next, and by when if that is still ahead; of a time that has passed, that it has.

    The apology says that the ticket was passed on, so it is only made when that is true.
    """
    labels, late = rules().labels, ticket.is_late(now)
    if late and ticket.escalated_at is not None:
        return labels.late[ticket.status].get(language)
    if late or ticket.due is None:
        return labels.next_steps[ticket.status].get(language)
    by = labels.next_steps_by[ticket.status].get(language)
    return by.format(when=when(ticket.due, language, now))


def when(moment: datetime, language: str, now: datetime) -> str:
    """A time still to come as a person says it: the hour today, then the part of the day, then the date.

    Args:
        moment: The time (UTC).
        language: ``zh`` or ``en``.
        now: The present (UTC).
    """
    words, then = rules().labels.when, company_time(moment)
    days = (then.date() - company_time(now).date()).days
    part = "morning" if then.hour < _NOON else "afternoon" if then.hour < _EVENING else "evening"
    clock = f"{then:%H:%M}" if then.minute else words.o_clock.get(language).format(hour=then.hour)
    said = {
        "time": clock,
        "part": words.parts[part].get(language),
        "weekday": words.weekdays[then.weekday()].get(language),
        "month": then.month,
        "day": then.day,
        "date": f"{then:%Y-%m-%d}",
    }
    word = words.today if days <= 0 else words.tomorrow if days == 1 else words.weekday
    return (word if days < _WEEK else words.date).get(language).format(**said)
