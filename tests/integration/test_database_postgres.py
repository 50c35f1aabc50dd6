"""One variable, KEFU_DATABASE_URL, moves everything to a PostgreSQL server."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm.exc import StaleDataError

from kefu import db
from kefu.config import ROOT, settings
from kefu.conversations.ledger import LeaseLost, Ledger
from kefu.customers.service import Sender
from kefu.events import Event
from kefu.knowledge import service as knowledge
from kefu.knowledge import versions
from kefu.knowledge.editing import Change, EntryChanged, publish
from kefu.knowledge.load import load
from kefu.run.servers import environment
from kefu.tickets import closing, progress
from kefu.tickets import service as tickets
from kefu.tickets.lifecycle import WrongState
from kefu.tickets.models import Ticket
from kefu.tickets.numbers import is_valid
from kefu.tickets.progress import ChangedMeanwhile
from kefu.tickets.steps import Actor
from tests import postgres


@pytest.fixture(scope="module")
def server():
    programs = postgres.find()
    if not programs:
        pytest.skip(postgres.MISSING)
    with postgres.server(programs) as url:
        yield url


def _forget():
    """The settings, and what was made from them, are kept for a process's life."""
    settings.cache_clear()
    if db.engine.cache_info().currsize:
        db.engine().dispose()
    db.engine.cache_clear()


@pytest.fixture(scope="module")
def database(server, tmp_path_factory):
    """The migrated database with the knowledge in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEFU_DATABASE_URL", server)
        patch.setenv("KEFU_VAR_DIR", str(tmp_path_factory.mktemp("var")))
        patch.setattr(knowledge, "_current", knowledge._Current())
        _forget()
        # Two at once, as when two machines are set up.
        both = [
            subprocess.Popen([sys.executable, "-m", "kefu.knowledge"], cwd=ROOT, env=environment())
            for _ in range(2)
        ]
        assert [process.wait(120) for process in both] == [0, 0]
        yield db.engine()
        _forget()
    settings.cache_clear()


REQUEST = tickets.TicketRequest(
    request_key="visitor:1", customer="visitor", channel="web", kind="repair", urgency="high",
    description="L3 指纹打不开门", phone="13800138000", product="L3", line="智能门锁", function="指纹开锁",
    problem_type="识别失败",
)  # fmt: skip


def test_everything_is_in_the_one_database(database, tmp_path):
    assert database.dialect.name == "postgresql"
    assert settings().tracker_url == settings().database_url
    assert {"kefu_schema", "event_log", "tickets", "messages"} <= set(inspect(database).get_table_names())
    assert not list(settings().var_dir.glob("*.db"))


def test_the_schema_is_what_the_tables_say(database):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    import kefu.tables  # noqa: F401

    with database.connect() as connection:
        own = {"include_object": lambda _o, _n, type_, reflected, other: not (
            type_ == "table" and reflected and other is None)}  # fmt: skip
        context = MigrationContext.configure(connection, opts=own | {"version_table": "kefu_schema"})
        assert compare_metadata(context, db.Base.metadata) == []


def test_knowledge_answers_from_it_and_is_loaded_only_once(database):
    catalog = knowledge.catalog()
    assert catalog.graph.line_of("L3") == "智能门锁"
    assert not load()


def test_a_ticket_is_opened_once_and_seen_by_its_customer_only(database):
    ticket = tickets.open_ticket(REQUEST)
    assert is_valid(ticket.number) and tickets.open_ticket(REQUEST).number == ticket.number
    assert tickets.find_ticket("visitor", ticket.number.lower()).description == "L3 指纹打不开门"
    with pytest.raises(tickets.NoSuchTicket):
        tickets.find_ticket("somebody else", ticket.number)
    assert tickets.urge_ticket("m2", "visitor")[1] and not tickets.urge_ticket("m3", "visitor")[1]
    with db.session_scope() as session:
        rows = session.scalars(select(Event).filter_by(customer="visitor").order_by(Event.id)).all()
        assert [row.kind for row in rows] == ["ticket.opened", "ticket.urged", "ticket.urged_again"]
        assert rows[0].data["ticket"] == ticket.number


def test_tickets_opened_at_the_same_moment_have_different_numbers(database):
    requests = [replace(REQUEST, request_key=f"crowd:{n}", customer=f"crowd {n}") for n in range(12)]
    with ThreadPoolExecutor(6) as crowd:
        numbers = [ticket.number for ticket in crowd.map(tickets.open_ticket, requests)]
    assert len(set(numbers)) == 12 and all(map(is_valid, numbers))


def test_one_request_sent_twice_at_once_opens_one_ticket(database):
    request = replace(REQUEST, request_key="twice:1", customer="twice")
    with ThreadPoolExecutor(2) as both:
        numbers = {ticket.number for ticket in both.map(tickets.open_ticket, [request] * 2)}
    assert len(numbers) == 1
    with db.session_scope() as session:
        assert len(session.scalars(select(Ticket).filter_by(customer="twice")).all()) == 1


def test_of_colleagues_and_a_customer_at_one_ticket_nobody_overwrites_another(database):
    opened = tickets.open_ticket(replace(REQUEST, request_key="busy:1", customer="busy"))

    def moves(colleague):
        try:
            with db.session_scope() as session:
                progress.move(session, opened.number, "in_progress", colleague, opened.version)
        except (ChangedMeanwhile, StaleDataError, WrongState) as refused:
            return type(refused)

    colleagues = [Actor("agent", f"account:{n}") for n in range(6)]
    with ThreadPoolExecutor(9) as pool:
        told = [pool.submit(tickets.add_detail, f"busy:d{n}", "busy", f"第{n}条") for n in range(3)]
        moved = list(pool.map(moves, colleagues))
        assert all(job.result(60) for job in told), "the customer is never refused"
    kinds = sorted(note.kind for note in tickets.find_ticket("busy").notes)
    assert moved.count(None) <= 1
    assert kinds == ["detail"] * 3 + ["in_progress"] * moved.count(None) + ["opened"]
    with db.session_scope() as session:
        rows = session.scalars(select(Event).filter_by(customer="busy")).all()
        assert sorted(row.kind.removeprefix("ticket.") for row in rows) == kinds


def test_silence_closes_once_whoever_looks(database):
    opened = tickets.open_ticket(replace(REQUEST, request_key="quiet:1", customer="quiet"))
    with db.session_scope() as session:
        progress.move(session, opened.number, "resolved", Actor("agent", "account:1"))
    with db.session_scope() as session:
        progress.tell(session, progress.get(session, opened.number))
        session.query(Ticket).filter_by(customer="quiet").update(
            {"asked_at": db.utcnow() - timedelta(days=4)}
        )
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: closing.close_silent(), range(4)))
    kinds = [note.kind for note in tickets.find_ticket("quiet").notes]
    assert kinds == ["opened", "resolved", "closed"]


def test_the_ledger_numbers_messages_without_gaps_while_many_write(database):
    ledger = Ledger()
    with ThreadPoolExecutor(6) as pages:
        entries = list(
            pages.map(
                lambda n: ledger.accept(Sender("room", "web"), f"id-{n % 8}", {"text": str(n)}), range(16)
            )
        )
    assert sorted(entry.seq for entry, fresh in entries if fresh) == list(range(1, 9))
    assert [entry.seq for entry in ledger.after("room", 0, 100)] == list(range(1, 9))


def test_the_ledger_lets_one_process_answer(database):
    ledger = Ledger()
    entry, _ = ledger.accept(Sender("desk", "web"), "id-1", {"text": "在吗"})
    assert ledger.claim("desk", "first", 60) and not ledger.claim("desk", "second", 60)
    assert ledger.next_unanswered("desk").seq == entry.seq
    with pytest.raises(LeaseLost):
        ledger.finish("desk", entry.seq, [{"text": "在的"}], None, "second")
    bubbles, given_back = ledger.finish("desk", entry.seq, [{"text": "在的"}], None, "first")
    assert bubbles[0].reply_to == entry.seq and given_back
    assert "desk" not in ledger.waiting()


async def test_conversations_are_kept_in_it(database):
    from rasa.shared.core.domain import Domain
    from rasa.shared.core.events import SlotSet, UserUttered
    from rasa.shared.core.trackers import DialogueStateTracker

    from kefu.stores.tracker_store import KefuTrackerStore

    domain = Domain.from_yaml("slots:\n  product:\n    type: text\n    mappings:\n    - type: custom\n")
    said = [UserUttered("L3 怎么重置？😀", {"name": "ask_how_to"}), SlotSet("product", "L3")]
    tracker = DialogueStateTracker.from_events("visitor", said, domain.slots)
    await KefuTrackerStore(domain=domain).save(tracker)
    kept = await KefuTrackerStore(domain=domain).retrieve("visitor")
    assert kept.latest_message.text == "L3 怎么重置？😀" and kept.get_slot("product") == "L3"
    assert "events" in inspect(database).get_table_names()


def test_of_two_who_edit_an_entry_at_once_one_is_told_and_the_other_is_answered(database):
    ref = "faq:Kefu 怎么用？"

    def put(answer, ref, seen):
        content = {"question": "Kefu 怎么用？", "answer": answer}
        with db.session_scope() as session:
            return publish(session, [Change("put", ref, seen, "faq", None, content)], answer)

    put("0", None, 0)
    with ThreadPoolExecutor(4) as threads:
        tries = [threads.submit(put, str(number), ref, 1) for number in range(1, 5)]
    made = [one.result()[0] for one in tries if one.exception() is None]
    assert [type(one.exception()) for one in tries if one.exception()] == [EntryChanged] * 3
    number, graph = knowledge.read_graph()
    assert graph.get(ref).body == made[0].by and number == made[0].edition_id
    with db.session_scope() as session:
        versions.undo(session, ref, 2, "me")
    assert knowledge.read_graph()[1].get(ref).body == "0"
