"""Who may do what with a ticket, in which state, and where that leads. Only this table decides.

A ticket goes new -> assigned -> in_progress -> waiting (for the customer) -> resolved -> closed. It may be
reopened, cancelled, merged into another of the same customer, and escalated to the supervisor.
"""

from __future__ import annotations

from dataclasses import dataclass

CUSTOMER, AGENT, SUPERVISOR, SYSTEM = ROLES = ("customer", "agent", "supervisor", "system")
#: Who works on tickets.
STAFF = (AGENT, SUPERVISOR)

#: States in which somebody works on the ticket, or will.
OPEN = ("new", "assigned", "in_progress", "waiting")
#: States in which the work is over; it may begin again.
OVER = ("resolved", "closed", "cancelled")


#: Steps that mean nothing to the customer without words: what is it that they have to answer?
NEED_WORDS = frozenset({"waiting"})


@dataclass(frozen=True)
class Step:
    """What may happen to a ticket.

    Attributes:
        name: As the ticket's history and the event log (``ticket.NAME``) call it.
        of: The states in which it may happen.
        to: The state it leads to; ``None``: the same.
        by: The roles that may do it.
    """

    name: str
    of: tuple[str, ...]
    to: str | None
    by: tuple[str, ...]


TABLE = (
    Step("assigned", ("new", "assigned", "in_progress"), "assigned", (*STAFF, SYSTEM)),
    # The customer still has to answer, whoever of us has it.
    Step("assigned", ("waiting",), "waiting", (*STAFF, SYSTEM)),
    # To a queue, where somebody else gets it; and back into its queue, if who had it has not begun.
    Step("handed_on", OPEN, "new", STAFF),
    Step("given_back", ("assigned",), "new", (SUPERVISOR, SYSTEM)),
    Step("in_progress", ("new", "assigned", "waiting"), "in_progress", STAFF),
    Step("waiting", ("assigned", "in_progress"), "waiting", STAFF),
    Step("resolved", OPEN, "resolved", STAFF),
    # Whether it is solved is the customer's to say; silence, and the supervisor, may stand for them.
    Step("closed", ("resolved",), "closed", (CUSTOMER, SUPERVISOR, SYSTEM)),
    Step("reopened", OVER, "new", ROLES),
    Step("cancelled", OPEN, "cancelled", (CUSTOMER, SUPERVISOR)),
    Step("merged", OPEN, "merged", STAFF),
    # The other side of it: a ticket that another one went into.
    Step("joined", OPEN, None, STAFF),
    Step("escalated", OPEN, None, (*STAFF, SYSTEM)),
    # To the customer, whatever has come of it; among colleagues; and what it is, as it proves to be.
    Step("reply", (*OPEN, *OVER), None, STAFF),
    Step("comment", (*OPEN, *OVER), None, STAFF),
    Step("corrected", OPEN, None, STAFF),
    Step("urged", OPEN, None, (CUSTOMER,)),
    Step("detail", ("new", "assigned", "in_progress"), None, (CUSTOMER,)),
    # What was waited for has come.
    Step("detail", ("waiting",), "in_progress", (CUSTOMER,)),
    Step("rated", (*OPEN, *OVER), None, (CUSTOMER,)),
)
NAMES = tuple(dict.fromkeys(step.name for step in TABLE))


class WrongState(Exception):
    """The ticket's state does not allow the step; carries the ticket's number and state."""

    def __init__(self, number: str, status: str) -> None:
        """Names the ticket and the state it is in."""
        super().__init__(f"{number} is {status}")
        self.number = number
        self.status = status


class NotAllowed(Exception):
    """The role never takes the step, whatever the ticket's state; carries both."""

    def __init__(self, role: str, name: str) -> None:
        """Names role and step."""
        super().__init__(f"{role} may not: {name}")
        self.role = role
        self.name = name


class WordsMissing(ValueError):
    """The step needs words for the customer, and there are none; carries the step."""

    def __init__(self, name: str) -> None:
        """Names the step."""
        super().__init__(f"text: {name} needs what the customer is asked for")
        self.name = name


def find(name: str, status: str, role: str) -> Step | None:
    """The step of that name that ``role`` may take in ``status``."""
    return next((s for s in TABLE if s.name == name and status in s.of and role in s.by), None)


def may(role: str, name: str) -> bool:
    """Whether a role takes a step in any state."""
    return any(step.name == name and role in step.by for step in TABLE)


def steps(status: str, role: str) -> list[str]:
    """What a role may do with a ticket in that state, in the order of the table."""
    return [name for name in NAMES if find(name, status, role)]
