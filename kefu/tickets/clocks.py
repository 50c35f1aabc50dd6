"""The two promises of a ticket: until when somebody begins with it, and until when it is done.

Their times follow from what the rules said (``Ticket.reasons``), from when they began to run, and from how
long the second one stood still because the customer had to answer. All times are UTC without zone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kefu.db import utcnow
from kefu.tickets.calendar import WorkingTime
from kefu.tickets.lifecycle import OVER
from kefu.tickets.routing import due, rules

if TYPE_CHECKING:  # tickets wind their clocks, so these know them by name only
    from kefu.tickets.models import Ticket

CLOCKS = ("respond", "resolve")
#: States in which somebody has begun.
BEGUN = ("in_progress", "waiting", "resolved", "closed")


def wind(ticket: Ticket) -> None:
    """Sets what the clocks say: ``*_by``, ``*_warn_at`` and ``sla_at``.

    Tickets from before there were rules have none.
    """
    said = {name: value for name, value, _ in ticket.reasons or ()}
    if said.keys() >= {*CLOCKS, "clock"}:
        file = rules()
        hours, always = file.working_time(), said["clock"] == "always"
        pace = None if always else hours
        start = ticket.reopened_at or ticket.opened_at
        for name in CLOCKS:
            by = due(start, said[name], hours, always)
            warn_at = _after(start, _between(start, by, pace) * file.deadlines.share, pace)
            stood = timedelta(seconds=ticket.stood or 0)
            if name == "resolve" and stood:
                by, warn_at = _after(by, stood, pace), _after(warn_at, stood, pace)
            setattr(ticket, f"{name}_by", by)
            setattr(ticket, f"{name}_warn_at", warn_at)
    ticket.sla_at = next_at(ticket)


def follow(ticket: Ticket, before: str) -> None:
    """Lets the clocks follow a change of state, from ``before`` to the ticket's present one."""
    now = utcnow()
    reopened = before in OVER and ticket.is_open
    if reopened:  # a new promise
        ticket.reopened_at, ticket.stood, ticket.responded_at = now, 0, None
        ticket.respond_stage = ticket.resolve_stage = ""
    if ticket.status in BEGUN:
        ticket.responded_at = ticket.responded_at or now
    if ticket.status == "waiting":
        ticket.paused_at = ticket.paused_at or now
    elif ticket.paused_at is not None:
        always = ["clock", "always"] in [reason[:2] for reason in ticket.reasons or ()]
        stood = _between(ticket.paused_at, now, None if always else rules().working_time())
        ticket.stood = (ticket.stood or 0) + round(stood.total_seconds())
        ticket.paused_at = None
        wind(ticket)
    if reopened:
        wind(ticket)
    ticket.sla_at = next_at(ticket)


def answered(ticket: Ticket) -> None:
    """Notes that somebody has turned to the customer, though the ticket's state is the same."""
    ticket.responded_at = ticket.responded_at or utcnow()
    ticket.sla_at = next_at(ticket)


def running(ticket: Ticket) -> list[str]:
    """The clocks that run now."""
    if not (ticket.is_open or ticket.status is None):  # none yet: about to be opened
        return []
    runs = {"respond": ticket.responded_at is None, "resolve": ticket.paused_at is None}
    return [name for name in CLOCKS if runs[name] and getattr(ticket, f"{name}_by") is not None]


def next_at(ticket: Ticket) -> datetime | None:
    """When there is next something to do by the clocks: to warn, or to escalate."""
    moments = []
    for name in running(ticket):
        stage = getattr(ticket, f"{name}_stage")
        if stage != "breached":
            moments.append(getattr(ticket, f"{name}_by" if stage == "warned" else f"{name}_warn_at"))
    return min(filter(None, moments), default=None)


def _after(start: datetime, span: timedelta, pace: WorkingTime | None) -> datetime:
    return start + span if pace is None else pace.after(start, span)


def _between(start: datetime, end: datetime, pace: WorkingTime | None) -> timedelta:
    return end - start if pace is None else pace.between(start, end)
