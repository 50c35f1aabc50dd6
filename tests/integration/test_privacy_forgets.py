"""Who is forgotten is forgotten in every table and file, on SQLite and on PostgreSQL; others are not."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from rasa.shared.core.events import ActionExecuted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sqlalchemy import select, update

from kefu import db
from kefu.channels.wechat.models import WechatGrant, WechatHold
from kefu.config import settings
from kefu.console import accounts
from kefu.console.models import AuditEntry, PrivateNote
from kefu.console.open.models import ApiCall, ApiToken
from kefu.conversations.ledger import Ledger
from kefu.conversations.models import Message
from kefu.customers import proofs, service
from kefu.customers.service import Sender
from kefu.db import session_scope, utcnow
from kefu.events import Event, record
from kefu.handoff import service as handoffs
from kefu.handoff.models import Handoff
from kefu.knowledge.service import record_unanswered
from kefu.privacy import erasing
from kefu.privacy import service as privacy
from kefu.privacy.holdings import TRACKER_TABLES
from kefu.privacy.models import Erasure
from kefu.stores.tracker_store import KefuTrackerStore
from kefu.tickets import service as tickets
from kefu.tickets.models import Ticket
from kefu.webhooks import deliveries
from kefu.webhooks.models import Delivery, Subscription
from tests import console, postgres, traces
from tests.unit.test_stores_window import DOMAIN

PHONE, OTHERS_PHONE = "13812345678", "13912345679"
NAME, WORDS, NOTE, MARK = "欧阳浣溪", "门锁半夜自己响", "答应周六上门", "私房话"
TEXTS = (PHONE, NAME, WORDS, NOTE, MARK)
PAGE, PHONE_APP = console.customer("me"), console.customer("me", "wechat")
OTHER = console.customer("somebody else")


@pytest.fixture(scope="module")
def server():
    programs = postgres.find()
    if not programs:
        pytest.skip(postgres.MISSING)
    with postgres.server(programs) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(request, tmp_path, monkeypatch):
    """An installation of its own on one of the databases; gives its folder."""
    monkeypatch.setenv("KEFU_VAR_DIR", str(tmp_path))
    if request.param == "postgresql":
        monkeypatch.setenv("KEFU_DATABASE_URL", request.getfixturevalue("server"))
    forget_settings()
    if request.param == "postgresql":
        with db.engine().begin() as connection:
            connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    db.migrate()
    yield tmp_path
    db.engine().dispose()
    monkeypatch.undo()
    forget_settings()


def forget_settings():
    settings.cache_clear()
    db.engine.cache_clear()


def links(identity, phone):
    """Proves a phone, as a text message does."""
    with session_scope() as session:
        _, code = proofs.start_phone_proof(session, identity, phone)
    proofs.confirm_phone(identity, code)


def fills_every_store(sender, other, phone):
    """Lets a customer leave something wherever a customer can."""
    conversation = console.says(sender, f"我是{NAME}，{WORDS}")
    console.answers(conversation, f"您好{NAME}")
    console.says(other, f"微信上再说一次：{WORDS}")
    links(sender.id, phone)
    links(other.id, phone)
    present = Ledger().conversation_of(sender.id)
    number = console.ticket(sender, f"{NAME}家的{WORDS}", phone=phone)
    tickets.add_detail(f"{sender.id}:m9", sender.id, MARK, number)
    record_unanswered(f"{MARK}怎么办", sender.id, None, 0.1)
    with session_scope() as session:
        handoff = session.get(Handoff, console.waits(sender, MARK))
        handoff.note = NOTE
        admin = accounts.create(session, f"a-{sender.id}", "Admin", "admin")[0]
        session.flush()
        session.add(PrivateNote(conversation=present, account_id=admin.id, text=NOTE))
        accounts.audit(session, None, "message.sent", f"conversation:{present}", to=sender.id)
        session.add(WechatGrant(identity=other.id, source="message", messages_left=1, until=utcnow()))
        session.add(WechatHold(id=other.id[:36], identity=other.id, client_id="x", until=utcnow()))
        token = ApiToken(name="crm", token_hash=sender.id, scopes=[])
        address, kinds = "http://127.0.0.1/", ["ticket.*", "customer.*"]
        subscription = Subscription(
            url=address,
            kinds=kinds,
            secret="s",
            request_key=sender.id,
            created_at=utcnow() - timedelta(days=1),
        )
        session.add_all([token, subscription])
        session.flush()
        answer = json.dumps({"ticket": {"number": number, "description": WORDS, "phone": phone}})
        session.add(ApiCall(token_id=token.id, key="k", fingerprint="f", request_key=f"api:{sender.id[:20]}",
                            status=200, answer=answer))  # fmt: skip
        record(session, "turn.categorised", sender.id, said=f"{MARK} of {sender.id}", line="智能门锁")
        deliveries.follow(session)
        waiting = update(Message).values(answered_at=utcnow(), delivery=None)
        session.execute(waiting.execution_options(synchronize_session=False))
    asyncio.run(remembers(present, phone))
    (settings().var_dir / "logs").mkdir(exist_ok=True)
    with (settings().var_dir / "logs" / "rasa.log").open("a") as log:
        log.write(f"message.answered identity={sender.id}\nmessage.answered identity={OTHER.id}\n")
    picture = settings().var_dir / "uploads" / sender.id / "1.jpg"
    picture.parent.mkdir(parents=True)
    picture.write_text(MARK)
    return number


async def remembers(conversation, phone):
    """Has Rasa's tracker store keep a conversation, long enough for a snapshot."""
    store = KefuTrackerStore(domain=DOMAIN)
    for turn in range(14):
        tracker = await store.retrieve(conversation) or store.init_tracker(conversation)
        tracker.update_with_events(
            [UserUttered(f"{WORDS} {turn} {phone}", {"name": "greet"}), SlotSet("product", NAME),
             ActionExecuted("action_listen")], DOMAIN)  # fmt: skip
        await store.save(tracker)
    store.engine.dispose()


def forgets(sender):
    """Has a customer forgotten, as their answer was shown a while ago."""
    with session_scope() as session:
        wish = privacy.ask(session, sender.id, "customer")
        wish.asked_at = utcnow() - erasing.SHOWN
        session.flush()
        assert [one for one, _ in erasing.due(session)] == [wish.id]
    person = erasing.carry_out(wish.id)
    assert erasing.clean()
    return person


def trackers():
    if settings().tracker_url == settings().database_url:
        return db.engine()
    return db.connect(settings().tracker_url)


def test_nothing_of_who_is_forgotten_stays_anywhere(installation):
    number = fills_every_store(PAGE, PHONE_APP, PHONE)
    before = traces.in_tables(db.engine(), TEXTS)
    assert len({table for tables in before.values() for table in tables}) >= 8, "the test fills too little"
    assert traces.in_tables(trackers(), [WORDS])[WORDS]

    person = forgets(PAGE)

    assert set(person.identities) == {PAGE.id, PHONE_APP.id} and person.phones == (f"+86{PHONE}",)
    secret = (*TEXTS, *person.customers)
    assert traces.in_tables(db.engine(), secret) == {}
    assert traces.in_tables(trackers(), [*secret, *person.identities], TRACKER_TABLES) == {}
    assert traces.in_files(installation, secret) == {}
    # Their ids are told once more, to other systems that have to forget them, too; and to nobody else.
    told = {table for tables in traces.in_tables(db.engine(), person.identities).values() for table in tables}
    assert (
        told - {"webhook_deliveries", "webhook_subscriptions", "api_calls", "api_tokens", "accounts"} == set()
    )
    with session_scope() as session:
        body = json.loads(session.scalars(select(Delivery.body)).one())
        assert body["kind"] == "customer.forgotten" and set(body["data"]["customers"]) == set(
            person.identities
        )
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.number, ticket.status, ticket.customer) == (number, "cancelled", person.alias)
        assert (ticket.description, ticket.phone, [note.text for note in ticket.notes]) == (
            "",
            None,
            [""] * 3,
        )
        assert session.scalars(select(Handoff)).one().state == "closed"
        assert session.scalars(select(AuditEntry.object)).all() == [""]
        assert session.scalars(select(ApiCall.status)).all() == [410]
        figures = session.execute(select(Event.kind, Event.customer).where(Event.kind == "ticket.opened"))
        assert figures.all() == [("ticket.opened", person.alias)]


def test_the_others_keep_everything_and_a_phone_sent_codes_to_stays_counted(installation):
    fills_every_store(OTHER, console.customer("somebody else", "wechat"), OTHERS_PHONE)
    kept = privacy_export(OTHER)
    for name in ("me", "me again"):
        console.says(console.customer(name), WORDS)
        with session_scope() as session, pytest.MonkeyPatch.context() as patch:
            patch.setattr(proofs, "PAUSE", timedelta())
            if name == "me again":
                with pytest.raises(proofs.TooManyCodes):
                    proofs.start_phone_proof(session, console.customer(name).id, PHONE)
            for _ in range(proofs.CODES_PER_PHONE_AND_HOUR if name == "me" else 0):
                proofs.start_phone_proof(session, console.customer(name).id, PHONE)
        with session_scope() as session:
            session.execute(update(Message).values(answered_at=utcnow()))
        forgets(console.customer(name))
    assert traces.in_tables(db.engine(), [PHONE]) == {}
    assert privacy_export(OTHER) == kept
    log = (installation / "logs" / "rasa.log").read_text()
    assert log.count(OTHER.id) == 2, "each wrote a line of its own, and one of the other's"


def test_who_comes_back_is_a_new_customer(installation):
    fills_every_store(PAGE, PHONE_APP, PHONE)
    forgets(PAGE)
    assert console.says(PHONE_APP, "在吗") == PHONE_APP.id
    with session_scope() as session:
        assert service.circle(session, PHONE_APP.id) == [PHONE_APP.id]
        assert service.phone_of(session, PHONE_APP.id) is None
        assert service.choices_of(session, PHONE_APP.id) == (None, None)
        seen = Ledger().before(PHONE_APP.id, None, 10)
        assert [(entry.seq, entry.body["text"]) for entry in seen] == [(1, "在吗")]
    links(PHONE_APP.id, PHONE)
    with pytest.raises(tickets.NoSuchTicket):
        tickets.find_ticket(PHONE_APP.id)


def test_while_a_turn_runs_or_an_answer_is_not_sent_nobody_is_forgotten(installation):
    conversation = console.says(PAGE, WORDS)
    ledger = Ledger()
    with session_scope() as session:
        wish = privacy.ask(session, PAGE.id, "customer")
        assert privacy.ask(session, PAGE.id, "account:1").id == wish.id, "one wish at a time"
        assert erasing.due(session) == [], "its answer was not seen yet"
        wish.asked_at = utcnow() - erasing.SHOWN
        session.flush()
        assert erasing.due(session) == [], "the message is not answered yet"
        session.execute(update(Message).values(answered_at=utcnow()))
        assert len(erasing.due(session)) == 1
    assert ledger.claim(conversation, "a server", 60)
    assert erasing.carry_out(wish.id) is None
    ledger.release(conversation, "a server")
    assert erasing.carry_out(wish.id) is not None
    assert erasing.carry_out(wish.id) is None, "once is enough"
    with session_scope() as session:
        assert session.get(Erasure, wish.id).identity is None


def test_who_talks_with_a_person_is_forgotten_and_the_colleague_is_free(installation):
    agent = console.account("li")
    handoff = console.waits(PAGE, WORDS)
    with session_scope() as session:
        handoffs.accept(session, handoff, agent.agent_id)
        session.execute(update(Message).values(answered_at=utcnow(), delivery=None))
    forgets(PAGE)
    with session_scope() as session:
        ended = session.get(Handoff, handoff)
        assert (ended.state, ended.open_conversation, ended.told) == ("closed", None, "closed")


def privacy_export(sender):
    with session_scope() as session:
        return privacy.export(session, sender.id)


def test_all_that_is_kept_can_be_taken_away_and_only_by_its_owner(installation):
    number = fills_every_store(PAGE, PHONE_APP, PHONE)
    data = privacy_export(PAGE)
    assert data == privacy_export(PHONE_APP)
    text = json.dumps(data, ensure_ascii=False)
    assert all(word in text for word in (*TEXTS, number))
    with session_scope() as session:
        assert privacy.is_proven(session, PAGE.id) and not privacy.is_proven(session, OTHER.id)
        assert privacy.open_tickets(session, PHONE_APP.id) == [number]
    assert not any(word in json.dumps(privacy_export(OTHER), ensure_ascii=False) for word in TEXTS)


def test_a_tracker_made_before_writes_nothing_back(installation):
    """What another process holds in memory is read anew, not saved over the gap."""

    async def talk():
        other, store = KefuTrackerStore(domain=DOMAIN), KefuTrackerStore(domain=DOMAIN)
        console.says(Sender("web-1", "web"), WORDS)
        tracker = store.init_tracker("web-1")
        tracker.update_with_events([UserUttered(WORDS, {"name": "greet"})], DOMAIN)
        await store.save(tracker)
        kept: DialogueStateTracker = await other.retrieve("web-1")
        await other.save(kept)
        with session_scope() as session:
            session.execute(update(Message).values(answered_at=utcnow()))
        await asyncio.to_thread(forgets, Sender("web-1", "web"))
        found = await other.retrieve("web-1")
        for one in (other, store):
            one.engine.dispose()
        return found

    assert asyncio.run(talk()) is None
    assert traces.in_tables(trackers(), [WORDS]) == {}
