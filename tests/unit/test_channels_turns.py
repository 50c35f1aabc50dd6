"""Turns: order, retries, giving up, stopping; with a ledger in memory."""

import asyncio
from datetime import datetime

import pytest

from kefu.channels.turns import Said, Threads, Turns
from kefu.conversations.ledger import Entry, LeaseLost


class FakeLedger:
    """Keeps unanswered messages in lists."""

    def __init__(self, **waiting):
        self.messages = {name: [[seq, 0] for seq in range(1, count + 1)] for name, count in waiting.items()}
        self.owner = {}
        self.finished = []

    def waiting(self):
        return [name for name, left in self.messages.items() if left]

    def claim(self, conversation, owner, seconds):
        return self.owner.setdefault(conversation, owner) == owner

    def renew(self, conversation, owner, seconds):
        assert self.owner.get(conversation) == owner

    def release(self, conversation, owner):
        if self.owner.get(conversation) == owner:
            del self.owner[conversation]

    def next_unanswered(self, conversation):
        if not self.messages[conversation]:
            return None
        message = self.messages[conversation][0]
        message[1] += 1
        return Entry(conversation, message[0], "in", "id", {}, None, message[1], datetime(2026, 1, 1))

    def finish(self, conversation, seq, said=(), open_form=None, owner=None, along=None):
        self.messages[conversation] = [m for m in self.messages[conversation] if m[0] != seq]
        self.finished.append((conversation, seq))
        if self.messages[conversation]:
            return list(said), False
        self.release(conversation, owner)
        return list(said), True


class Recorder:
    def __init__(self, *errors):
        self.calls, self.errors = [], list(errors)
        self.running = self.most = 0

    async def __call__(self, entry, owner):
        self.calls.append((entry.conversation, entry.seq))
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0.02)
        self.running -= 1
        if self.errors:
            raise self.errors.pop(0)
        return Said([{"text": "answer"}])


@pytest.fixture
def make():
    made = []

    def build(ledger, answer, give_up=None, **options):
        turns = Turns(
            ledger, Threads(2), answer, give_up or (lambda entry: Said()), sweep_seconds=0.05, **options
        )
        made.append(turns)
        return turns

    return build


async def until(condition, seconds=5):
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen in time")


async def test_messages_left_behind_are_answered_in_order_after_a_start(make):
    ledger, answer = FakeLedger(a=3, b=1), Recorder()
    turns = make(ledger, answer)
    turns.start()
    await until(lambda: len(ledger.finished) == 4)
    assert [call for call in answer.calls if call[0] == "a"] == [("a", 1), ("a", 2), ("a", 3)]
    assert len(answer.calls) == 4
    await turns.stop()


async def test_one_conversation_is_answered_one_message_at_a_time(make):
    ledger, answer = FakeLedger(a=3), Recorder()
    turns = make(ledger, answer)
    turns.start()
    for _ in range(5):
        turns.wake("a")
    await until(lambda: len(ledger.finished) == 3)
    assert answer.most == 1
    await turns.stop()


async def test_two_conversations_do_not_wait_for_each_other(make):
    ledger, answer = FakeLedger(a=1, b=1), Recorder()
    turns = make(ledger, answer)
    turns.start()
    await until(lambda: len(ledger.finished) == 2)
    assert answer.most == 2
    await turns.stop()


async def test_a_failed_turn_is_tried_again(make):
    ledger, answer = FakeLedger(a=1), Recorder(RuntimeError("once"))
    turns = make(ledger, answer)
    turns.start()
    await until(lambda: ledger.finished == [("a", 1)])
    assert len(answer.calls) == 2
    await turns.stop()


async def test_after_three_failures_the_customer_is_told_and_the_next_message_is_answered(make):
    ledger, answer = FakeLedger(a=2), Recorder(*[RuntimeError("always")] * 3)
    given_up = []

    def give_up(entry):
        given_up.append((entry.conversation, entry.seq))
        return Said([{"text": "sorry"}])

    turns = make(ledger, answer, give_up)
    turns.start()
    await until(lambda: ledger.finished == [("a", 1), ("a", 2)], seconds=8)
    assert given_up == [("a", 1)] and answer.calls[-1] == ("a", 2)
    await turns.stop()


async def test_a_lost_lease_ends_the_work_without_marking_the_message(make):
    ledger, answer = FakeLedger(a=1), Recorder(LeaseLost("a"))
    turns = make(ledger, answer)
    turns._owner = "me"
    turns.wake("a")
    await until(lambda: not turns.busy("a"))
    assert ledger.finished == []


async def test_nothing_is_answered_before_a_model_is_loaded(make):
    loaded = []
    ledger, answer = FakeLedger(a=1), Recorder()
    turns = make(ledger, answer, ready=lambda: bool(loaded))
    turns.start()
    await asyncio.sleep(0.2)
    assert answer.calls == [] and turns.busy("a")
    loaded.append(True)
    await until(lambda: ledger.finished == [("a", 1)])
    await turns.stop()


async def test_stopping_lets_a_running_turn_end_and_begins_no_other(make):
    ledger, answer = FakeLedger(a=2), Recorder()
    turns = make(ledger, answer)
    turns.start()
    await until(lambda: answer.calls)
    await turns.stop()
    assert ledger.finished == [("a", 1)] and answer.calls == [("a", 1)]
    assert ledger.owner == {}


async def test_a_conversation_held_by_another_process_is_waited_for(make):
    ledger, answer = FakeLedger(a=1), Recorder()
    ledger.owner["a"] = "another process"
    turns = make(ledger, answer)
    turns.start()
    await asyncio.sleep(0.2)
    assert answer.calls == []
    del ledger.owner["a"]
    await until(lambda: ledger.finished == [("a", 1)])
    await turns.stop()


async def test_a_message_that_arrives_while_the_last_one_ends_is_not_forgotten(make):
    ledger, answer = FakeLedger(a=1), Recorder()
    turns = make(ledger, answer)
    turns._owner = "me"
    turns.wake("a")
    await until(lambda: ledger.finished == [("a", 1)])
    ledger.messages["a"].append([2, 0])
    turns.wake("a")
    await until(lambda: ledger.finished == [("a", 1), ("a", 2)])


async def test_an_answer_is_shown_when_it_is_stored_and_before_the_next_message_is_taken_up(make):
    ledger, answer, ended = FakeLedger(a=2), Recorder(), []

    async def show(entry, bubbles):
        ended.append((entry.seq, bubbles, list(ledger.finished)))

    turns = make(ledger, answer, ended=show)
    turns.start()
    await until(lambda: len(ended) == 2)
    assert ended[0] == (1, [{"text": "answer"}], [("a", 1)])
    await turns.stop()
