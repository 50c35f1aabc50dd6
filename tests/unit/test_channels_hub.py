"""The hub: what happens around a turn when one customer uses several channels; Rasa is a stand-in."""

import asyncio
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Restarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from kefu.channels.hub import Hub
from kefu.channels.messages import Inbound
from kefu.channels.news import News
from kefu.conversations.ledger import Ledger
from kefu.customers import proofs
from kefu.customers import service as customers
from kefu.customers.models import Identity
from kefu.customers.service import Sender
from kefu.db import session_scope, utcnow
from kefu.handoff import idle
from kefu.handoff import service as handoffs
from kefu.handoff.models import Agent, Handoff
from kefu.tickets import closing, progress
from kefu.tickets.models import Ticket
from kefu.tickets.routing import Route
from kefu.tickets.service import TicketRequest, cancel_ticket, open_ticket
from kefu.tickets.steps import Actor

PAGE, PHONE = Sender("web-1", "web"), Sender("wechat-1", "wechat", "openid")


class FakeChannel:
    """Remembers what it was to show."""

    def __init__(self, name, pushed):
        self.name, self.pushed = name, pushed
        self.shown, self.states = [], []

    async def show(self, entry):
        self.shown.append(entry)

    async def typing(self, entry, on):
        self.states.append(("typing", entry.seq, on))

    async def person_types(self, identity):
        self.states.append(("person", identity))

    def stored(self, entry, session):
        self.states.append(("stored", entry.seq))

    async def turn_ended(self, entry):
        self.states.append(("ended", entry.seq))

    def texts(self, direction="out"):
        return [entry.body["text"] for entry in self.shown if entry.direction == direction]


class FakeRasa:
    """Echoes messages; keeps its trackers in memory; words a response as its name and facts."""

    def __init__(self):
        self.trackers, self.asked = {}, []
        self.tracker_store = self.lock_store = self.nlg = self
        self.domain = None

    def is_ready(self):
        return True

    @asynccontextmanager
    async def lock(self, conversation):
        yield

    async def retrieve(self, conversation):
        return self.trackers.get(conversation)

    async def save(self, tracker):
        self.trackers[tracker.sender_id] = tracker

    async def generate(self, response, tracker, channel, **facts):
        buttons = [{"title": "Yes", "payload": "/yes"}] if response == "utter_case_resolved" else []
        said = {"text": " ".join([response, *(str(fact) for fact in facts.values() if fact)])}
        return said | ({"buttons": buttons} if buttons else {})

    async def __call__(self, message):
        self.asked.append(message)
        tracker = self.trackers.setdefault(message.sender_id, DialogueStateTracker(message.sender_id, []))
        tracker.update(UserUttered(message.text, {"name": "any"}))
        tracker.update(ActionExecuted("action_listen"))
        await message.output_channel.send_response(message.sender_id, {"text": f"echo {message.text}"})


@pytest.fixture
async def rasa():
    return FakeRasa()


@pytest.fixture
async def hub(installation, rasa):
    hub = Hub(turn_seconds=5)
    hub.web, hub.wechat = FakeChannel("web", False), FakeChannel("wechat", True)
    for channel in (hub.web, hub.wechat):
        hub.join(channel, rasa)
    hub.prepare(SimpleNamespace(ctx=SimpleNamespace(agent=rasa)))
    hub.turns.start()
    yield hub
    await hub.stop()


async def says(hub, sender, text):
    """Has a message answered."""
    entry, _ = await hub.receive(Inbound(sender, f"{sender.id}-{text}", "text", text))
    channel = hub.adapters[sender.channel]
    for _ in range(500):
        if ("ended", entry.seq) in channel.states:
            channel.states.remove(("ended", entry.seq))
            return entry
        await asyncio.sleep(0.01)
    raise AssertionError("not answered")


def linked():
    with session_scope() as session:
        customers.link(session, PHONE.id, session.get(Identity, PAGE.id).customer_id, "code")


async def test_two_who_were_not_linked_have_a_conversation_each(hub, rasa):
    await says(hub, PAGE, "a")
    await says(hub, PHONE, "b")
    assert [message.sender_id for message in rasa.asked] == [PAGE.id, PHONE.id]
    assert hub.web.shown[-1].audience == (PHONE.id,)  # which no page of PAGE's is among


async def test_a_linked_customer_goes_on_in_one_conversation_and_is_told_where_they_were(hub, rasa):
    await says(hub, PAGE, "门锁打不开")
    await says(hub, PHONE, "b")
    linked()
    await says(hub, PHONE, "还在吗")
    assert rasa.asked[-1].sender_id == PAGE.id
    assert hub.wechat.texts()[-2:] == ["utter_where_we_were 门锁打不开", "echo 还在吗"]
    assert [entry.delivery for entry in hub.wechat.shown if entry.channel == "wechat"][-2:] == ["due", "due"]
    await says(hub, PHONE, "c")
    assert hub.wechat.texts()[-1] == "echo c"  # and only once


async def test_every_page_of_a_linked_customer_sees_what_is_said_elsewhere(hub):
    await says(hub, PAGE, "a")
    await says(hub, PHONE, "b")
    linked()
    await says(hub, PHONE, "c")
    assert all(set(entry.audience) == {PAGE.id, PHONE.id} for entry in hub.web.shown[-3:])


async def test_after_a_link_was_undone_each_has_their_own_words_and_the_dialogue_begins_afresh(hub, rasa):
    await says(hub, PAGE, "a")
    await says(hub, PHONE, "b")
    linked()

    async def undoing(message):
        with session_scope() as session:
            customers.unlink(session, PHONE.id)
        await rasa(message)

    hub._handlers["wechat"] = undoing
    await says(hub, PHONE, "undo")
    hub._handlers["wechat"] = rasa

    def words(conversation):
        return [entry.body["text"] for entry in hub.ledger.after(conversation, 0, 99) if "text" in entry.body]

    assert words(PAGE.id) == ["a", "echo a"]
    assert words(PHONE.id)[2:] == ["undo", "utter_where_we_were a", "echo undo"]
    await says(hub, PAGE, "d")
    assert rasa.asked[-1].sender_id == PAGE.id
    assert any(isinstance(event, Restarted) for event in rasa.trackers[PAGE.id].events)
    await says(hub, PHONE, "e")
    assert rasa.asked[-1].sender_id == PHONE.id
    assert not any(isinstance(event, Restarted) for event in rasa.trackers[PHONE.id].events)


async def test_who_stays_after_a_link_was_undone_is_not_reminded_of_what_the_other_asked(hub, rasa):
    await says(hub, PAGE, "a")
    await says(hub, PHONE, "b")
    linked()
    await says(hub, PHONE, "门锁打不开")

    async def undoing(message):
        with session_scope() as session:
            customers.unlink(session, PHONE.id)
        await rasa(message)

    hub._handlers["wechat"] = undoing
    await says(hub, PHONE, "undo")
    await says(hub, PAGE, "c")
    assert hub.web.texts()[-1:] == ["echo c"]
    page = [entry.body.get("text", "") for entry in hub.ledger.after(PAGE.id, 0, 99)]
    assert not any("门锁" in text for text in page)


async def test_what_rasa_had_handled_before_its_server_died_is_said_and_not_done_again(hub, rasa):
    await says(hub, PAGE, "a")
    dead = UserUttered("13812345678", {"name": "inform"}, message_id="m1")
    said = [BotUttered("one"), BotUttered("two?", {"buttons": [{"title": "好", "payload": "/affirm"}]})]
    rasa.trackers[PAGE.id].update_with_events([dead, *said, ActionExecuted("action_listen")], None)
    hub.turns.wake, wake = lambda *_: None, hub.turns.wake  # the server that accepts it dies
    entry, _ = await hub.receive(Inbound(PAGE, "m1", "text", "13812345678"))
    hub.turns.wake = wake
    assert hub.ledger.next_unanswered(PAGE.id).attempts == entry.attempts + 1
    hub.ledger.release(PAGE.id, hub.turns.lease()[0])
    before = len(rasa.asked)
    wake(PAGE.id)
    for _ in range(500):
        if ("ended", entry.seq) in hub.web.states:
            break
        await asyncio.sleep(0.01)
    assert hub.web.texts()[-2:] == ["one", "two?"] and len(rasa.asked) == before
    assert hub.web.shown[-1].body["buttons"] == [{"title": "好", "payload": "/affirm"}]


async def test_a_channel_that_cannot_show_a_message_does_not_spoil_the_turn(hub):
    async def broken(entry):
        raise OSError

    hub.wechat.show = broken
    await says(hub, PAGE, "a")
    assert hub.web.texts() == ["echo a"]


LI = Actor("agent", "account:1", "李晓雨")


def moves(ticket, step, text=""):
    """Has a colleague take a step."""
    with session_scope() as session:
        progress.move(session, ticket.number, step, LI, text=text)


def slots(rasa):
    """What the page's dialogue was told to remember."""
    return {event.key: event.value for event in rasa.trackers[PAGE.id].events if isinstance(event, SlotSet)}


async def hears(hub, news):
    """Has the news told and shown, by two servers at once."""
    await asyncio.gather(news.once(), news.once())
    await asyncio.gather(hub.show_due(), hub.show_due())


@pytest.fixture
async def news(hub):
    return News(hub.ledger, hub._words, hub.dialogue.resume, hub.dialogue.ask, hub.threads)


class TestReceiptsOfCases:
    @pytest.fixture
    async def ticket(self, hub):
        await says(hub, PAGE, "坏了")
        return open_ticket(TicketRequest("key", PAGE.id, "web", "repair", "normal", "坏了"))

    async def test_the_customer_is_told_once_of_each_step(self, hub, news, ticket):
        await hears(hub, news)
        assert hub.web.texts() == ["echo 坏了"]
        for status in ("assigned", "in_progress", "resolved"):
            moves(ticket, status)
            await hears(hub, news)
        told = [entry.body["case"]["status"] for entry in hub.web.shown if "case" in entry.body]
        assert told == ["assigned", "in_progress", "resolved"]
        assert ticket.number in hub.web.texts()[-1]

    async def test_who_is_told_that_it_is_resolved_is_asked_by_buttons_and_the_dialogue_knows(
        self, hub, news, rasa, ticket
    ):
        moves(ticket, "resolved")
        await hears(hub, news)
        said = hub.web.shown[-1].body
        assert said["text"].startswith("utter_case_resolved")
        assert said["buttons"] == [{"title": "Yes", "payload": "/yes"}]
        assert slots(rasa) == {"awaiting": "confirmation", "ticket_number": ticket.number}

    async def test_what_is_missing_and_how_it_was_solved_is_told_with_the_step(self, hub, news, rasa, ticket):
        for step in ("assigned", "waiting", "resolved"):
            moves(ticket, step, f"text of {step}")
            await hears(hub, news)
        said = [(text.split()[0], "text of" in text) for text in hub.web.texts()[1:]]
        assert said == [
            ("utter_case_receipt", True),
            ("utter_case_waiting", True),
            ("utter_case_solved", True),
        ]
        assert slots(rasa)["awaiting"] == "confirmation"

    async def test_in_the_middle_of_a_form_the_forms_question_stands(self, hub, news, rasa, ticket):
        rasa.trackers[PAGE.id].update(ActiveLoop("ticket_form"))
        moves(ticket, "resolved")
        await hears(hub, news)
        assert hub.web.shown[-1].body["buttons"] and slots(rasa) == {}

    async def test_silence_is_broken_once_then_ends_and_both_are_told(self, hub, news, ticket):
        moves(ticket, "resolved")
        await hears(hub, news)
        for days in (2, 4):
            with session_scope() as session:
                session.get(Ticket, ticket.id).asked_at = utcnow() - timedelta(days=days)
            closing.close_silent()
            for _ in range(2):
                await hears(hub, news)
        said = [text.split()[0] for text in hub.web.texts()[1:]]
        assert said == ["utter_case_resolved", "utter_case_reminder", "utter_case_unanswered"]

    async def test_of_two_that_are_merged_one_is_told_of_once(self, hub, news, ticket):
        other = open_ticket(TicketRequest("key 2", PAGE.id, "web", "repair", "normal", "还是坏的"))
        with session_scope() as session:
            progress.merge(session, ticket.number, other.number, LI)
        for _ in range(2):
            await hears(hub, news)
        (said,) = hub.web.texts()[1:]
        assert said.startswith("utter_case_merged") and ticket.number in said and other.number in said

    async def test_it_goes_to_the_channel_that_the_customer_spoke_on_last(self, hub, news, ticket):
        await says(hub, PHONE, "b")
        linked()
        await says(hub, PHONE, "c")
        moves(ticket, "assigned")
        await hears(hub, news)
        last = hub.wechat.shown[-1]
        assert (last.channel, last.identity, last.delivery) == ("wechat", PHONE.id, "due")

    async def test_what_the_customer_did_is_not_told_again(self, hub, news, ticket):
        cancel_ticket("other key", PAGE.id)
        await hears(hub, news)
        assert hub.web.texts() == ["echo 坏了"]


class TestTakeovers:
    ROUTE = Route("repairs", "locks", 3, datetime(2027, 1, 1), datetime(2027, 1, 1), ())

    @pytest.fixture
    async def agent(self, hub):
        await says(hub, PAGE, "坏了")
        with session_scope() as session:
            agent = Agent(name="小李", queues=["repairs"], skills=["locks"], status="online")
            session.add(agent)
            session.flush()
            return agent.id

    @pytest.fixture
    async def talk(self, hub, news, agent):
        with session_scope() as session:
            handoffs.request(session, PAGE.id, "asked", self.ROUTE)
            return handoffs.assign(session)[0].id

    async def test_a_silent_customer_is_asked_once_whether_they_are_there(self, hub, news, talk):
        await hears(hub, news)
        before = len(hub.web.texts())
        with session_scope() as session:
            handoff = session.get(Handoff, talk)
            handoff.customer_at, handoff.agent_at = datetime(2026, 1, 1), datetime(2026, 1, 2)
        await hears(hub, news)
        await hears(hub, news)
        assert len(hub.web.texts()) == before + 1
        with session_scope() as session:
            assert session.get(Handoff, talk).idle_step == 1

    async def test_who_gets_no_answer_is_apologised_to_once_and_at_last_offered_a_ticket(
        self, hub, rasa, news, talk
    ):
        await hears(hub, news)
        before = len(hub.web.texts())
        await says(hub, PAGE, "在吗")
        with session_scope() as session:
            session.get(Handoff, talk).customer_at = datetime(2026, 1, 1)
        await hears(hub, news)
        await says(hub, PAGE, "还在吗")
        await hears(hub, news)
        assert hub.web.texts()[before:] == ["utter_handoff_sorry"]
        with session_scope() as session:
            idle.reclaim(session)  # 小李 rests, and nobody else is there
        await hears(hub, news)
        assert hub.web.texts()[-1].startswith("utter_handoff_unanswered")
        assert (slots(rasa)["awaiting"], slots(rasa)["ticket_offer"]["problem"]) == ("ticket_offer", "还在吗")

    async def test_a_person_who_writes_is_seen_writing_once_for_each_sign(self, hub, talk):
        with session_scope() as session:
            handoffs.types(session, PAGE.id, "agent")
        await hub.show_typing()
        await hub.show_typing()
        assert hub.web.states.count(("person", PAGE.id)) == 1

    async def test_while_queued_the_bot_answers(self, hub, rasa, agent):
        with session_scope() as session:
            handoffs.request(session, PAGE.id, "asked", self.ROUTE)
        await says(hub, PAGE, "还有一个问题")
        assert hub.web.texts()[-1] == "echo 还有一个问题"

    async def test_while_a_person_talks_the_bot_is_silent_on_every_channel(self, hub, rasa, news, talk):
        await hears(hub, news)
        assert hub.web.texts()[-1] == "utter_handoff_human 小李"
        before = len(rasa.asked)
        await says(hub, PAGE, "在吗")
        await says(hub, PHONE, "b")  # somebody else
        linked()
        await says(hub, PHONE, "我换微信了")
        assert [message.sender_id for message in rasa.asked[before:]] == [PHONE.id]
        assert [e.body["text"] for e in hub.ledger.before(PAGE.id, None, 2)] == ["在吗", "我换微信了"]

    async def test_a_code_that_links_is_answered_by_the_bot_while_a_person_talks(self, hub, rasa, talk):
        with session_scope() as session:
            customers.arrive(session, PHONE)
            code = proofs.issue_link_code(session, PHONE.id)
        before = len(rasa.asked)
        await says(hub, PAGE, "订单是 2345ABCD")
        await says(hub, PAGE, code)
        assert [message.text for message in rasa.asked[before:]] == [code]
        assert hub.web.texts()[-1] == f"echo {code}"
        refused = Inbound(PAGE, "scan", "event", hidden=True, response="utter_link_code_bad")
        await hub.receive(refused)
        for _ in range(500):
            if hub.web.texts()[-1] == "utter_link_code_bad":
                break
            await asyncio.sleep(0.01)
        assert hub.web.texts()[-1] == "utter_link_code_bad"

    async def test_another_agent_who_takes_over_is_told_of_and_no_queue_between(self, hub, news, agent, talk):
        await hears(hub, news)
        before = len(hub.web.texts())
        with session_scope() as session:
            other = Agent(name="小王", queues=["repairs"], skills=[], status="online")
            session.add(other)
            session.flush()
            handoffs.transfer(session, talk, "repairs", "locks", other.id)
            handoffs.step_in(session, PAGE.id, other.id, self.ROUTE)
        await hears(hub, news)
        await hears(hub, news)
        assert hub.web.texts()[before:] == ["utter_handoff_human 小王"]

    async def test_what_a_person_says_is_shown_where_the_customer_spoke_last(self, hub, talk):
        Ledger().push(PAGE.id, {"text": "您好", "agent": {"name": "小李"}}, lambda session: True)
        await asyncio.gather(hub.show_due(), hub.show_due())
        assert hub.web.texts()[-1] == "您好"
        assert hub.web.texts().count("您好") == 1
        await says(hub, PHONE, "b")
        linked()
        await says(hub, PHONE, "我换微信了")
        Ledger().push(PAGE.id, {"text": "好的", "agent": {"name": "小李"}}, lambda session: True)
        await hub.show_due()
        assert hub.ledger.before(PAGE.id, None, 1)[0].delivery == "due"  # WeChat's own to send
        assert hub.ledger.before(PAGE.id, None, 1)[0].identity == PHONE.id

    async def test_after_the_talk_the_bot_goes_on_and_the_customer_knows_what_was_agreed(
        self, hub, rasa, news, talk
    ):
        rasa.trackers[PAGE.id].update(ActiveLoop("ticket_form"))
        await hears(hub, news)
        with session_scope() as session:
            handoffs.end(session, talk, "agent", "明天上午换新锁")
        await hears(hub, news)
        assert hub.web.texts()[-1] == "utter_handoff_noted 小李 明天上午换新锁"
        assert rasa.trackers[PAGE.id].active_loop_name is None
        await says(hub, PAGE, "谢谢")
        assert hub.web.texts()[-1] == "echo 谢谢"

    async def test_a_person_who_goes_is_apologised_for(self, hub, news, agent, talk):
        await hears(hub, news)
        with session_scope() as session:
            handoffs.release(session, agent)
        await hears(hub, news)
        assert hub.web.texts()[-1] == "utter_handoff_queued 1"
