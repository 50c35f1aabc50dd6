"""Who may do what with a ticket; and that no sequence of commands breaks the rules or loses a step."""

from collections import Counter
from itertools import count

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import create_engine, select
from sqlalchemy.pool import StaticPool

from kefu import db
from kefu.events import Event
from kefu.knowledge.schema import TICKET_STATUSES
from kefu.tickets import lifecycle, progress, service
from kefu.tickets.lifecycle import OPEN, OVER, TABLE, NotAllowed, WrongState
from kefu.tickets.models import Ticket
from kefu.tickets.progress import ChangedMeanwhile, OtherCustomer
from kefu.tickets.service import TicketRequest
from kefu.tickets.steps import Actor

#: Every step as a person would tell it: who, from where, to where.
WORK, ALL = ("agent", "supervisor"), ("customer", "agent", "supervisor", "system")
TOLD = {
    "assigned": ((*WORK, "system"), {*OPEN}, "assigned"),
    "handed_on": (WORK, {*OPEN}, "new"),
    "given_back": (("supervisor", "system"), {"assigned"}, "new"),
    "in_progress": (WORK, {"new", "assigned", "waiting"}, "in_progress"),
    "waiting": (WORK, {"assigned", "in_progress"}, "waiting"),
    "resolved": (WORK, {*OPEN}, "resolved"),
    "closed": (("customer", "supervisor", "system"), {"resolved"}, "closed"),
    "reopened": (ALL, {*OVER}, "new"),
    "cancelled": (("customer", "supervisor"), {*OPEN}, "cancelled"),
    "merged": (WORK, {*OPEN}, "merged"),
    "joined": (WORK, {*OPEN}, None),
    "escalated": ((*WORK, "system"), {*OPEN}, None),
    "reply": (WORK, {*OPEN, *OVER}, None),
    "comment": (WORK, {*OPEN, *OVER}, None),
    "corrected": (WORK, {*OPEN}, None),
    "urged": (("customer",), {*OPEN}, None),
    "detail": (("customer",), {*OPEN}, None),
    "rated": (("customer",), {*OPEN, *OVER}, None),
}


def expected(name, status, role):
    """Where a step leads; nothing where it is refused."""
    roles, states, to = TOLD[name]
    if role not in roles or status not in states:
        return None
    if status == "waiting" and name in ("detail", "assigned"):
        return "in_progress" if name == "detail" else "waiting"
    return to or status


def test_the_table_has_these_steps_and_no_others():
    assert {step.name for step in TABLE} == set(TOLD)
    assert {status for step in TABLE for status in step.of} | {s.to for s in TABLE} - {None} == set(
        TICKET_STATUSES
    )


@pytest.mark.parametrize("name", TOLD)
def test_a_step_is_taken_by_those_and_in_those_states_that_the_rules_say(name):
    for role in lifecycle.ROLES:
        for status in TICKET_STATUSES:
            ticket = Ticket(number="GD1", status=status)
            try:
                ticket.take(name, role)
                reached = ticket.status
            except NotAllowed:
                reached = None
                assert role not in TOLD[name][0]
            except WrongState:
                reached = None
                assert role in TOLD[name][0] and ticket.status == status
            assert reached == expected(name, status, role), (name, status, role)


class Tickets(RuleBasedStateMachine):
    """Two customers, a colleague, a supervisor and the clock do anything with any ticket, in any order."""

    customers = st.sampled_from(["web-a", "web-b"])
    places = st.integers(0, 3)
    colleagues = st.sampled_from([Actor("agent", "account:1", "李"), Actor("supervisor", "account:2", "王")])
    steps = st.sampled_from(
        ["assigned", "in_progress", "waiting", "resolved", "closed", "cancelled", "reopened"]
    )

    @initialize()
    def begin(self):
        engine = create_engine("sqlite://", future=True, poolclass=StaticPool)
        db.Base.metadata.create_all(engine)
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(db, "engine", lambda: engine)
        self.keys = (f"m{n}" for n in count())
        self.numbers: list[str] = []
        self.noted: Counter = Counter()
        for customer in ("web-a", "web-b", "web-a"):
            self.opens(customer)

    def teardown(self):
        if hasattr(self, "patch"):
            self.patch.undo()

    @rule(customer=customers)
    def opens(self, customer):
        if len(self.numbers) < 4:
            request = TicketRequest(next(self.keys), customer, "web", "repair", "normal", "坏了")
            self.numbers.append(service.open_ticket(request).number)
            self.noted[self.numbers[-1], "opened"] += 1

    def number(self, place):
        return self.numbers[place % len(self.numbers)]

    def attempt(self, command, number, name):
        """Tries a command; what it did is remembered, what was refused must have left nothing."""
        before = self.states()
        try:
            command()
        except (WrongState, NotAllowed, OtherCustomer, ChangedMeanwhile, service.NoSuchTicket):
            assert self.states() == before
            return False
        self.noted[number, name] += 1
        return True

    def states(self):
        with db.session_scope() as session:
            found = session.scalars(select(Ticket).order_by(Ticket.id))
            return {t.number: (t.status, t.merged_into, len(t.notes), t.escalated_at) for t in found}

    def last(self, number):
        """The kind of the ticket's newest note."""
        with db.session_scope() as session:
            return progress.get(session, number).notes[-1].kind

    def goes_on_as(self, number):
        return self.states()[number][1] or number

    @rule(
        customer=customers, place=places, what=st.sampled_from(["urge", "add", "cancel", "confirm", "reopen"])
    )
    def asks(self, customer, place, what):
        number, key = self.number(place), next(self.keys)
        end = self.goes_on_as(number)
        before = self.states()[end]
        commands = {
            "urge": (lambda: service.urge_ticket(key, customer, number), "urged"),
            "add": (lambda: service.add_detail(key, customer, "也坏了", number), "detail"),
            "cancel": (lambda: service.cancel_ticket(key, customer, number), "cancelled"),
            "confirm": (lambda: service.confirm(key, customer, number), "closed"),
            "reopen": (lambda: service.reopen_ticket(key, customer, "没好", number), "reopened"),
        }
        done = self.attempt(commands[what][0], end, commands[what][1])
        after = self.states()[end]
        if done and what == "urge" and self.last(end) == "urged_again":  # it was urged a moment ago
            self.noted[end, "urged"] -= 1
            self.noted[end, "urged_again"] += 1
        elif done and after[2] == before[2]:  # closed already: nothing had to be noted
            assert what == "confirm" and after == before
            self.noted[end, "closed"] -= 1
        if done and what == "reopen" and after[0] == "assigned":
            self.noted[end, "assigned"] += 1

    @rule(customer=customers, place=places, rating=st.integers(1, 5))
    def rates(self, customer, place, rating):
        number = self.goes_on_as(self.number(place))
        before = self.states()[number]
        with db.session_scope() as session:
            owner = session.scalar(select(Ticket.customer).filter_by(number=number))
        service.rate(next(self.keys), customer, rating, number)
        after = self.states()[number]
        if owner != customer:
            assert after == before
            return
        self.noted[number, "rated"] += 1
        if rating <= service.LOW_RATING:
            assert after[0] == before[0] if before[0] in (*OPEN, "cancelled") else after[0] in OPEN
            assert after[3] is not None or after[0] == "cancelled"
            if before[0] in ("resolved", "closed"):
                self.noted[number, "reopened"] += 1
                self.noted[number, "assigned"] += after[0] == "assigned"
            if after[0] in OPEN and (before[3] is None or before[0] not in OPEN):
                self.noted[number, "escalated"] += 1
        elif before[0] == "resolved":
            assert after[0] == "closed"
            self.noted[number, "closed"] += 1

    @rule(actor=colleagues, place=places, step=steps, stale=st.booleans())
    def moves(self, actor, place, step, stale):
        number = self.number(place)
        with db.session_scope() as session:
            ticket = progress.get(session, number)
            status, version = ticket.status, ticket.version - stale

        def command():
            with db.session_scope() as session:
                progress.move(session, number, step, actor, version, "请补充一下")

        done = self.attempt(command, number, step)
        allowed = None if stale else expected(step, status, actor.role)
        assert done == (allowed is not None)
        if done and step == "reopened" and self.states()[number][0] == "assigned":
            self.noted[number, "assigned"] += 1
        elif done:
            assert self.states()[number][0] == allowed

    @rule(actor=colleagues, place=places)
    def escalates(self, actor, place):
        number = self.number(place)
        was = self.states()[number]

        def command():
            with db.session_scope() as session:
                progress.escalate(session, number, actor)

        if self.attempt(command, number, "escalated") and was[3] is not None:
            self.noted[number, "escalated"] -= 1

    @rule(actor=colleagues, one=places, other=places)
    def merges(self, actor, one, other):
        number, into = self.number(one), self.number(other)

        def command():
            with db.session_scope() as session:
                progress.merge(session, number, into, actor)

        raised = self.is_escalated(number) and not self.is_escalated(into)
        if self.attempt(command, number, "merged"):
            self.noted[into, "joined"] += 1
            self.noted[into, "escalated"] += raised

    @staticmethod
    def is_escalated(number):
        with db.session_scope() as session:
            return session.scalar(select(Ticket.escalated_at).filter_by(number=number)) is not None

    @invariant()
    def everything_is_in_order(self):
        if not hasattr(self, "numbers"):
            return
        with db.session_scope() as session:
            tickets = {ticket.number: ticket for ticket in session.scalars(select(Ticket))}
            events = Counter(
                (e.data["ticket"], e.kind.partition(".")[2])
                for e in session.scalars(select(Event))
                if "ticket" in e.data
            )
            notes = Counter((t.number, note.kind) for t in tickets.values() for note in t.notes)
        assert notes == events == +self.noted, "every step that was taken is noted and recorded once"
        for ticket in tickets.values():
            assert ticket.status in TICKET_STATUSES
            assert (ticket.merged_into is not None) == (ticket.status == "merged")
            if ticket.merged_into:
                assert tickets[ticket.merged_into].status != "merged"
                assert tickets[ticket.merged_into].customer == ticket.customer
            assert ticket.asked_at is None or ticket.status in ("resolved", "closed")


TestTickets = Tickets.TestCase
TestTickets.settings = hypothesis_settings(max_examples=25, stateful_step_count=25, deadline=None)
