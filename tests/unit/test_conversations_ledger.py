"""The ledger: numbers without gaps, one copy of each message, one answering process."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from kefu.conversations import deliveries
from kefu.conversations.ledger import LeaseLost, Ledger
from kefu.conversations.models import Message
from kefu.customers import service as customers
from kefu.customers.models import Identity
from kefu.customers.service import Sender
from kefu.db import session_scope, utcnow
from tests.web_server import ledger_on

C = "web-1"


@pytest.fixture
def ledger(tmp_path):
    return ledger_on(tmp_path / "kefu.db")


def say(ledger, text, conversation=C, client_id=None):
    sender = Sender(conversation, "web")
    return ledger.accept(sender, client_id or str(uuid.uuid4()), {"text": text, "language": "zh"})


def test_messages_of_a_conversation_are_numbered_from_one_without_gaps(ledger):
    say(ledger, "a")
    ledger.finish(C, 1, [{"text": "b"}])
    say(ledger, "c")
    assert [(e.seq, e.direction, e.body["text"]) for e in ledger.after(C, 0, 10)] == [
        (1, "in", "a"),
        (2, "out", "b"),
        (3, "in", "c"),
    ]


def test_a_repeated_id_is_stored_once_and_leaves_no_gap(ledger):
    first, fresh = say(ledger, "a", client_id="x")
    again, fresh_again = say(ledger, "a", client_id="x")
    after, _ = say(ledger, "b")
    assert (fresh, fresh_again, again.seq, after.seq) == (True, False, first.seq, 2)


def test_the_same_id_in_another_conversation_is_another_message(ledger):
    say(ledger, "a", client_id="x")
    assert say(ledger, "b", conversation="web-2", client_id="x")[1]


def test_many_writers_at_once_get_different_numbers_and_doubles_stay_single(ledger):
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(say, ledger, str(n), C, f"id-{n % 20}") for n in range(60)]
        fresh = [job.result()[1] for job in jobs]
    assert sum(fresh) == 20
    assert [entry.seq for entry in ledger.after(C, 0, 100)] == list(range(1, 21))


def test_pages_are_cut_from_both_ends(ledger):
    for n in range(7):
        say(ledger, str(n))
    assert [e.seq for e in ledger.after(C, 2, 3)] == [3, 4, 5]
    assert [e.seq for e in ledger.before(C, None, 3)] == [5, 6, 7]
    assert [e.seq for e in ledger.before(C, 5, 3)] == [2, 3, 4]
    assert ledger.before("web-2", None, 3) == []


def test_a_button_is_found_only_in_its_own_conversation(ledger):
    say(ledger, "a")
    ledger.record(C, {"text": "?", "buttons": [{"title": "ja", "payload": "/affirm"}]})
    assert ledger.button(C, 2, 0)["payload"] == "/affirm"
    assert (
        ledger.button(C, 2, 1) is None and ledger.button(C, 1, 0) is None and ledger.button(C, 9, 0) is None
    )
    assert ledger.button("web-2", 2, 0) is None


def test_only_one_owner_holds_a_conversation_until_it_lets_go(ledger):
    say(ledger, "a")
    assert ledger.claim(C, "one", 60) and ledger.claim(C, "one", 60)
    assert not ledger.claim(C, "two", 60)
    ledger.release(C, "two")
    assert not ledger.claim(C, "two", 60)
    ledger.release(C, "one")
    assert ledger.claim(C, "two", 60)


def test_a_renewal_that_comes_after_the_end_takes_nothing(ledger):
    say(ledger, "a")
    ledger.claim(C, "one", 60)
    ledger.release(C, "one")
    ledger.renew(C, "one", 60)
    assert ledger.claim(C, "two", 60)


def test_a_lease_that_ran_out_passes_on_and_its_late_bubbles_are_refused(ledger):
    say(ledger, "a")
    ledger.claim(C, "dead", -1)
    assert ledger.claim(C, "alive", 60)
    with pytest.raises(LeaseLost):
        ledger.record(C, {"text": "late"}, owner="dead")
    with pytest.raises(LeaseLost):
        ledger.finish(C, 1, [{"text": "late"}], owner="dead")
    bubbles, given_back = ledger.finish(C, 1, [{"text": "in time"}], owner="alive")
    assert [(bubble.seq, bubble.body) for bubble in bubbles] == [(2, {"text": "in time"})] and given_back
    with pytest.raises(LeaseLost):
        ledger.finish(C, 1, [{"text": "twice"}], owner="alive")
    assert len(ledger.after(C, 0, 10)) == 2


def test_unanswered_messages_come_oldest_first_until_finished(ledger):
    say(ledger, "a")
    say(ledger, "b")
    first = ledger.next_unanswered(C)
    assert (first.seq, first.attempts) == (1, 1)
    ledger.finish(C, 1)
    assert ledger.next_unanswered(C).seq == 2
    ledger.finish(C, 2)
    assert ledger.next_unanswered(C) is None and ledger.waiting() == []


def test_an_answer_of_several_bubbles_is_stored_whole_and_in_order(ledger):
    say(ledger, "a")
    say(ledger, "b")
    ledger.finish(C, 1, [{"text": "first"}, {"text": "second"}])
    stored = ledger.after(C, 2, 10)
    assert [(e.seq, e.reply_to, e.body["text"]) for e in stored] == [(3, 1, "first"), (4, 1, "second")]
    assert say(ledger, "c")[0].seq == 5


def test_a_message_whose_answer_is_not_stored_is_tried_again_and_counted(ledger):
    say(ledger, "a")
    assert [ledger.next_unanswered(C).attempts for _ in range(3)] == [1, 2, 3]


def test_a_push_to_someone_unknown_opens_their_conversation(ledger):
    assert ledger.record("web-new", {"text": "hello"}).seq == 1


class TestPartingAfterALinkWasUndone:
    """On the migrated database of an installation: identities of two channels in one conversation."""

    PAGE, PHONE = Sender("web-1", "web"), Sender("wechat-1", "wechat")

    @pytest.fixture
    def ledger(self, installation):
        ledger = Ledger()
        for sender in (self.PAGE, self.PHONE):
            ledger.accept(sender, f"first {sender.id}", {"text": "在吗", "language": "zh"})
            ledger.finish(sender.id, 1)
        with session_scope() as session:
            customers.link(session, self.PHONE.id, session.get(Identity, self.PAGE.id).customer_id, "code")
        return ledger

    def say(self, ledger, sender, text):
        return ledger.accept(sender, text, {"text": text, "language": "zh"})[0]

    def undo(self, ledger, entry):
        with session_scope() as session:
            customers.unlink(session, entry.identity)
        ledger.finish(entry.conversation, entry.seq)

    def waiting(self, ledger, conversation):
        found = iter(lambda: ledger.next_unanswered(conversation), None)
        texts = []
        for entry in found:
            texts.append(entry.body["text"])
            ledger.finish(conversation, entry.seq)
        return texts

    def test_what_still_waits_is_answered_where_its_sender_speaks_then(self, ledger):
        undoing = self.say(ledger, self.PHONE, "解绑")
        self.say(ledger, self.PAGE, "b")
        self.say(ledger, self.PHONE, "c")
        self.undo(ledger, undoing)
        assert self.waiting(ledger, self.PAGE.id) == ["b"]
        assert self.waiting(ledger, self.PHONE.id) == ["c"]
        assert ledger.waiting() == []

    def test_what_comes_after_the_parting_waits_for_what_came_before(self, ledger):
        undoing = self.say(ledger, self.PHONE, "解绑")
        self.say(ledger, self.PAGE, "b")
        self.say(ledger, self.PHONE, "c")
        self.undo(ledger, undoing)
        late, _ = ledger.accept(self.PAGE, "d", {"text": "d", "language": "zh"}, "one", 60)
        assert not late.begun
        assert self.waiting(ledger, self.PAGE.id) == ["b", "d"]

    def test_a_message_sent_again_is_still_known(self, ledger):
        undoing = self.say(ledger, self.PHONE, "解绑")
        self.undo(ledger, undoing)
        again, fresh = ledger.accept(self.PHONE, "解绑", {"text": "解绑", "language": "zh"})
        assert not fresh and again.conversation == self.PHONE.id

    def test_a_push_goes_where_the_customer_speaks_now(self, ledger):
        assert ledger.record(self.PHONE.id, {"text": "news"}).conversation == self.PAGE.id

    def test_a_push_after_the_parting_goes_to_who_has_stayed(self, ledger):
        self.say(ledger, self.PAGE, "a")
        self.undo(ledger, self.say(ledger, self.PHONE, "解绑"))
        told = ledger.record(self.PAGE.id, {"text": "news"})
        assert (told.identity, told.channel, told.audience) == (self.PAGE.id, "web", (self.PAGE.id,))

    def test_a_push_during_the_parting_goes_to_who_stays(self, ledger):
        undoing = self.say(ledger, self.PHONE, "解绑")
        with session_scope() as session:
            customers.unlink(session, self.PHONE.id)
        assert ledger.record(self.PAGE.id, {"text": "news"}).audience == (self.PAGE.id,)
        ledger.finish(undoing.conversation, undoing.seq)
        assert [e.body for e in ledger.after(self.PAGE.id, 1, 9)] == [{"event": True}, {"text": "news"}]

    def test_who_stays_has_not_come_over_from_the_channel_of_who_left(self, ledger):
        self.undo(ledger, self.say(ledger, self.PHONE, "解绑"))
        begun, _ = ledger.accept(self.PAGE, "b", {"text": "b", "language": "zh"}, "one", 60)
        assert (begun.came_from, begun.restart) == (None, True)

    def test_a_dialogue_that_was_not_begun_afresh_before_a_process_died_still_has_to_be(self, ledger):
        self.undo(ledger, self.say(ledger, self.PHONE, "解绑"))
        self.say(ledger, self.PAGE, "b")
        assert ledger.next_unanswered(self.PAGE.id).restart
        assert ledger.next_unanswered(self.PAGE.id).restart
        ledger.restarted(self.PAGE.id)
        assert not ledger.next_unanswered(self.PAGE.id).restart

    def test_a_process_that_dies_after_the_undoing_leaves_answer_and_parting_to_the_next(self, ledger):
        self.say(ledger, self.PHONE, "解绑")
        ledger.next_unanswered(self.PAGE.id)
        with session_scope() as session:
            customers.unlink(session, self.PHONE.id)
        self.say(ledger, self.PAGE, "b")
        again = ledger.next_unanswered(self.PAGE.id)
        assert (again.body["text"], again.attempts) == ("解绑", 2)
        ledger.finish(self.PAGE.id, again.seq, [{"text": "已经解绑"}])
        assert (after := ledger.next_unanswered(self.PAGE.id)).body["text"] == "b" and after.restart
        assert [e.body["text"] for e in ledger.after(self.PHONE.id, 1, 9)] == ["解绑", "已经解绑"]

    def test_a_bubble_that_is_being_sent_at_the_parting_ends_as_unsure(self, ledger):
        ledger.pushed.add("wechat")
        asked = self.say(ledger, self.PHONE, "a")
        ledger.finish(self.PAGE.id, asked.seq, [{"text": "b"}])
        with session_scope() as session:
            taken = deliveries.take(session, deliveries.taking(), self.PHONE.id, "wechat", "me")
            assert deliveries.begin(session, taken, "me")
        self.undo(ledger, self.say(ledger, self.PHONE, "解绑"))
        with session_scope() as session:
            deliveries.settle(session, taken, "sent")
            session.execute(update(Message).values(delivery_at=utcnow() - deliveries.LONGEST_SENDING * 2))
        with session_scope() as session:
            left = deliveries.give_up_on_the_dead(session, "wechat")
            assert [entry.conversation for entry in left] == [self.PHONE.id]

    def test_a_bubble_that_was_only_taken_at_the_parting_is_due_again(self, ledger):
        ledger.pushed.add("wechat")
        asked = self.say(ledger, self.PHONE, "a")
        ledger.finish(self.PAGE.id, asked.seq, [{"text": "b"}])
        with session_scope() as session:
            taken = deliveries.take(session, deliveries.taking(), self.PHONE.id, "wechat", "me")
        self.undo(ledger, self.say(ledger, self.PHONE, "解绑"))
        with session_scope() as session:
            assert not deliveries.begin(session, taken, "me")
            session.execute(update(Message).values(delivery_at=utcnow() - deliveries.LONGEST_SENDING * 2))
        with session_scope() as session:
            assert deliveries.give_up_on_the_dead(session, "wechat") == []
            assert deliveries.due_to(session, "wechat") == [self.PHONE.id]

    def test_the_owner_of_the_conversation_may_leave_it_to_nobody(self, ledger):
        self.say(ledger, self.PHONE, "a")
        undoing = self.say(ledger, self.PAGE, "解绑")
        self.undo(ledger, undoing)
        assert [e.body["text"] for e in ledger.after(self.PHONE.id, 1, 9)] == ["a"]
        assert self.say(ledger, self.PHONE, "b").conversation == self.PHONE.id
        assert self.waiting(ledger, self.PHONE.id) == ["a", "b"]


def began(ledger, text, owner="one", conversation=C):
    sender = Sender(conversation, "web")
    entry, _ = ledger.accept(sender, str(uuid.uuid4()), {"text": text, "language": "zh"}, owner, 60)
    return entry


def test_who_stores_a_message_where_nothing_waits_holds_its_lease_at_once(ledger):
    entry = began(ledger, "a")
    assert (entry.begun, entry.attempts) == (True, 1)
    assert not ledger.claim(C, "two", 60)
    assert ledger.finish(C, entry.seq, owner="one")[1] and ledger.claim(C, "two", 60)


def test_a_message_behind_another_waits_for_its_turn(ledger):
    first, second, third = began(ledger, "a"), began(ledger, "b"), began(ledger, "c", "two")
    assert [entry.begun for entry in (first, second, third)] == [True, False, False]
    assert not ledger.finish(C, first.seq, owner="one")[1]
    assert ledger.next_unanswered(C).seq == second.seq
    assert not ledger.finish(C, second.seq, owner="one")[1]
    assert not ledger.claim(C, "two", 60) and ledger.next_unanswered(C).seq == third.seq
    assert ledger.finish(C, third.seq, owner="one")[1]


def test_a_message_behind_what_a_dead_process_left_waits_for_it(ledger):
    dead, _ = say(ledger, "a")
    assert not began(ledger, "b").begun
    assert ledger.next_unanswered(C).seq == dead.seq


def test_a_repeated_message_takes_no_lease(ledger):
    say(ledger, "a", client_id="x")
    ledger.finish(C, 1)
    again, fresh = ledger.accept(Sender(C, "web"), "x", {"text": "a"}, "one", 60)
    assert not fresh and not again.begun and ledger.claim(C, "two", 60)


def test_an_answer_to_what_was_answered_meanwhile_is_refused(ledger):
    entry = began(ledger, "a")
    ledger.finish(C, entry.seq, [{"text": "once"}])
    with pytest.raises(LeaseLost):
        ledger.finish(C, entry.seq, [{"text": "twice"}], None, "one")


def test_a_message_begun_at_once_knows_the_channel_left(ledger):
    entry = began(ledger, "a")
    ledger.finish(C, entry.seq, owner="one")
    with ledger.scope() as session:
        customers.arrive(session, Sender("app-1", "app"))
        customer = session.get(Identity, C).customer_id
        customers.link(session, "app-1", customer, "code")
    moved, _ = ledger.accept(Sender("app-1", "app"), "y", {"text": "b"}, "one", 60)
    assert (moved.conversation, moved.begun, moved.came_from) == (C, True, "web")
    assert moved.audience == ("app-1", C)
