"""What customers do with tickets."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count

import pytest
from sqlalchemy.orm.exc import StaleDataError

from kefu.customers import service as customers
from kefu.db import session_scope
from kefu.events import Event
from kefu.tickets import progress, service
from kefu.tickets.lifecycle import OPEN, WrongState
from kefu.tickets.models import Ticket
from kefu.tickets.numbers import is_valid
from kefu.tickets.progress import ChangedMeanwhile
from kefu.tickets.service import NoSuchTicket, TicketRequest
from kefu.tickets.steps import Actor

ME, OTHER = "web-me", "web-other"

_ids = count(1)


def message():
    """The key of another message."""
    return f"message-{next(_ids)}"


def request(key="m1", customer=ME, **changes):
    fields = {
        "request_key": key, "customer": customer, "channel": "web", "kind": "repair", "urgency": "normal",
        "description": "指纹识别不了", "line": "智能门锁", "function": "指纹开锁", "problem_type": "识别失败",
    }  # fmt: skip
    return TicketRequest(**{**fields, **changes})


@pytest.fixture
def ticket(installation):
    return service.open_ticket(request())


def put(ticket, status):
    """Moves a ticket as a colleague would."""
    with session_scope() as session:
        session.get(Ticket, ticket.id).status = status


def facts(kind):
    with session_scope() as session:
        return [event.data for event in session.query(Event).filter_by(kind=kind)]


def test_a_ticket_opens_new_with_a_valid_number_and_its_category(ticket):
    assert is_valid(ticket.number) and ticket.number.startswith("GD")
    assert (ticket.status, ticket.category) == ("new", "智能门锁 / 指纹开锁 / 识别失败")
    assert [note.kind for note in ticket.notes] == ["opened"]
    assert facts("ticket.opened") == [
        {
            "ticket": ticket.number,
            "kind": "repair",
            "category": ticket.category,
            "urgency": "normal",
            "queue": "repairs",
        }
    ]


def test_a_repeated_request_opens_no_second_ticket(ticket):
    assert service.open_ticket(request()).number == ticket.number
    assert len(service.list_tickets(ME)) == 1


def test_requests_repeated_at_once_open_one_ticket(installation):
    with ThreadPoolExecutor(6) as pool:
        numbers = set(pool.map(lambda _: service.open_ticket(request()).number, range(12)))
    assert len(numbers) == 1
    assert len(service.list_tickets(ME)) == 1


def test_many_customers_at_once_get_a_number_each(installation):
    with ThreadPoolExecutor(6) as pool:
        opened = list(pool.map(lambda i: service.open_ticket(request(f"m{i}", f"web-{i}")).number, range(24)))
    assert len(set(opened)) == 24


@pytest.mark.parametrize(
    ("field", "value"), [("kind", "gossip"), ("urgency", "soon"), ("description", "   ")]
)
def test_a_request_that_no_ticket_can_hold_is_refused_by_field(field, value):
    with pytest.raises(ValueError, match=f"^{field}: "):
        request(**{field: value})


def test_a_ticket_is_found_by_its_number_or_as_the_last_one_touched(ticket):
    second = service.open_ticket(request("m2"))
    assert service.find_ticket(ME).number == second.number
    assert service.find_ticket(ME, ticket.number.lower()).number == ticket.number
    service.add_detail(message(), ME, "补充一点", ticket.number)
    assert service.find_ticket(ME).number == ticket.number


@pytest.mark.parametrize(
    "use",
    [
        lambda number: service.find_ticket(OTHER, number),
        lambda number: service.urge_ticket(message(), OTHER, number),
        lambda number: service.add_detail(message(), OTHER, "x", number),
        lambda number: service.cancel_ticket(message(), OTHER, number),
        lambda number: service.reopen_ticket(message(), OTHER, "x", number),
        lambda number: service.find_ticket(OTHER),
    ],
)
def test_nobody_elses_ticket_is_found_even_by_its_number(ticket, use):
    with pytest.raises(NoSuchTicket):
        use(ticket.number)
    assert service.list_tickets(OTHER) == []
    assert [note.kind for note in service.find_ticket(ME).notes] == ["opened"]


def test_the_newest_tickets_come_first_and_not_too_many(installation):
    numbers = [service.open_ticket(request(f"m{i}")).number for i in range(7)]
    assert [ticket.number for ticket in service.list_tickets(ME)] == numbers[:1:-1]


@pytest.mark.parametrize("status", OPEN)
def test_an_unfinished_ticket_can_be_withdrawn(ticket, status):
    put(ticket, status)
    assert service.cancel_ticket(message(), ME).status == "cancelled"


@pytest.mark.parametrize("status", ["resolved", "closed", "cancelled"])
def test_a_finished_ticket_cannot_be_withdrawn_but_reopened(ticket, status):
    put(ticket, status)
    with pytest.raises(WrongState) as refusal:
        service.cancel_ticket(message(), ME)
    assert (refusal.value.number, refusal.value.status) == (ticket.number, status)
    reopened = service.reopen_ticket(message(), ME, "又坏了")
    assert (reopened.status, reopened.notes[-1].text) == ("new", "又坏了")


@pytest.mark.parametrize("status", OPEN)
def test_a_ticket_being_worked_on_cannot_be_reopened(ticket, status):
    put(ticket, status)
    with pytest.raises(WrongState):
        service.reopen_ticket(message(), ME, "又坏了")
    assert [note.kind for note in service.find_ticket(ME).notes] == ["opened"], "nothing was noted"


def test_urging_again_within_the_pause_counts_once(ticket, monkeypatch):
    now = datetime(2026, 11, 22, 8)
    monkeypatch.setattr("kefu.tickets.models.utcnow", lambda: now)
    monkeypatch.setattr(service, "utcnow", lambda: now)
    assert service.urge_ticket(message(), ME)[1] is True
    with session_scope() as session:
        session.get(Ticket, ticket.id).notes[-1].at = now
    assert service.urge_ticket(message(), ME)[1] is False
    assert service.find_ticket(ME).urged == 1
    now += service.URGE_PAUSE + timedelta(seconds=1)
    urged, counted = service.urge_ticket(message(), ME)
    assert (counted, urged.urged) == (True, 2)
    assert [data["count"] for data in facts("ticket.urged")] == [1, 2]


@pytest.mark.parametrize("rating", [1, 5])
def test_a_rating_within_bounds_is_kept_on_the_ticket(ticket, rating):
    assert service.rate(message(), ME, rating).rating == rating


@pytest.mark.parametrize("rating", [-1, 0, 6])
def test_a_rating_out_of_bounds_is_refused(ticket, rating):
    with pytest.raises(ValueError, match="^rating: "):
        service.rate(message(), ME, rating)
    assert service.find_ticket(ME).rating is None


def test_service_without_a_ticket_can_be_rated_too(installation):
    assert service.rate(message(), ME, 4) is None
    assert facts("service.rated") == [{"rating": 4}]


def test_two_who_change_one_ticket_never_overwrite_each_other(ticket):
    with pytest.raises(StaleDataError), session_scope() as first:
        mine = first.get(Ticket, ticket.id)
        with session_scope() as second:
            second.get(Ticket, ticket.id).urgency = "high"
        mine.urgency = "low"
    assert service.find_ticket(ME).urgency == "high"


CHANGES = {
    "urged": lambda key: service.urge_ticket(key, ME),
    "detail": lambda key: service.add_detail(key, ME, "换过电池"),
    "cancelled": lambda key: service.cancel_ticket(key, ME),
    "rated": lambda key: service.rate(key, ME, 4),
    "reopened": lambda key: service.reopen_ticket(key, ME, "又坏了"),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_message_handled_again_is_noted_once_and_answered_alike(ticket, kind):
    if kind == "reopened":
        put(ticket, "closed")
    first, again = CHANGES[kind]("m2"), CHANGES[kind]("m2")
    if kind == "urged":
        assert first[1] is again[1] is True, "the second time it is not told off as urging too often"
        first, again = first[0], again[0]
    assert first.number == again.number == ticket.number
    assert [note.kind for note in service.find_ticket(ME).notes] == ["opened", kind]
    assert len(facts(f"ticket.{kind}")) == 1


@pytest.mark.parametrize("kind", ["detail", "cancelled", "rated", "urged"])
def test_a_message_handled_twice_at_once_is_noted_once(ticket, kind):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: CHANGES[kind]("m2"), range(4)))
    assert [note.kind for note in service.find_ticket(ME).notes] == ["opened", kind]


def test_a_rating_without_a_ticket_is_recorded_once_for_one_message(installation):
    assert (service.rate("m2", ME, 4), service.rate("m2", ME, 4)) == (None, None)
    assert facts("service.rated") == [{"rating": 4}]


def test_a_change_that_a_colleague_comes_before_is_made_on_what_they_left(ticket, monkeypatch):
    """The colleague writes between the customer's reading and writing, once."""
    own, colleagues = service._own, [lambda: put(ticket, "in_progress")]

    def read_then_overtaken(*args):
        found = own(*args)
        if colleagues:
            colleagues.pop()()
        return found

    monkeypatch.setattr(service, "_own", read_then_overtaken)
    service.add_detail(message(), ME, "换过电池")
    kept = service.find_ticket(ME)
    assert (kept.status, [note.kind for note in kept.notes]) == ("in_progress", ["opened", "detail"])


def test_details_of_many_messages_at_once_are_all_kept(ticket):
    def told(i):
        service.add_detail(f"d{i}", ME, f"第{i}条")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(told, range(2)))
    assert sorted(note.text for note in service.find_ticket(ME).notes[1:]) == ["第0条", "第1条"]


def test_of_two_colleagues_who_saw_the_same_one_comes_too_late(ticket):
    def moves(colleague):
        try:
            with session_scope() as session:
                progress.move(session, ticket.number, "assigned", colleague, ticket.version)
        except (ChangedMeanwhile, StaleDataError):
            return "too late"

    with ThreadPoolExecutor(4) as pool:
        came = list(pool.map(moves, [Actor("agent", f"account:{n}") for n in range(4)]))
    assert sorted(came, key=str) == [None, *["too late"] * 3]
    assert [note.kind for note in service.find_ticket(ME).notes] == ["opened", "assigned"]
    assert len(facts("ticket.assigned")) == 1


def test_the_event_log_holds_no_words_of_the_customer(ticket):
    service.add_detail(message(), ME, "我住在一号楼")
    with session_scope() as session:
        written = " ".join(str(event.data) for event in session.query(Event))
    assert "一号楼" not in written and "指纹识别不了" not in written


def test_a_ticket_is_routed_as_it_is_opened_and_says_why(installation):
    ticket = service.open_ticket(request(urgency="high"))
    assert (ticket.queue, ticket.skill, ticket.priority) == ("repairs", "locks", 2)
    assert ticket.opened_at < ticket.respond_by < ticket.resolve_by
    assert ["queue", "repairs", "门锁故障"] in ticket.reasons


def test_pressing_again_raises_the_priority_and_leaves_the_clock(ticket, monkeypatch):
    monkeypatch.setattr(service, "URGE_PAUSE", timedelta(0))
    for _ in range(2):
        urged, _counted = service.urge_ticket(message(), ME, ticket.number)
    assert (ticket.priority, urged.priority) == (3, 2)
    assert urged.respond_by == ticket.respond_by


def test_anger_and_level_put_a_ticket_ahead_and_urging_forgets_neither(installation):
    calm = service.open_ticket(request(message()))
    with session_scope() as session:
        customers.arrive(session, customers.Sender(ME, "web"))
        customer_id = customers.identities(session, ME)[0].customer_id
        customers.set_level(session, customer_id, "vip")
    angry = service.open_ticket(request(message(), mood="angry"))
    ahead = {"客户很生气", "VIP 客户"}
    assert angry.priority < calm.priority
    assert ahead <= {rule for _, _, rule in angry.reasons}
    urged, _ = service.urge_ticket(message(), ME, angry.number)
    assert urged.mood == "angry" and ahead <= {rule for _, _, rule in urged.reasons}
    urged, _ = service.urge_ticket(message(), ME, calm.number, mood="angry")
    assert urged.mood == "angry" and ahead <= {rule for _, _, rule in urged.reasons}


def test_a_mood_that_is_none_is_refused():
    with pytest.raises(ValueError, match="^mood: "):
        request(mood="hungry")
