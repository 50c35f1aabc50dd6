"""Where a conversation stands, for who follows it."""

import pytest

from kefu.conversations.standing import look, versions
from kefu.customers.service import Sender
from tests.web_server import ledger_on

C = "web-1"


@pytest.fixture
def ledger(tmp_path):
    return ledger_on(tmp_path / "kefu.db")


def say(ledger, text):
    ledger.accept(Sender(C, "web"), text, {"text": text, "language": "zh"})


def read(ledger, function, *args):
    with ledger.scope() as session:
        return function(session, *args)


def test_whatever_happens_in_a_conversation_changes_its_version(ledger):
    seen = [read(ledger, versions, [C, "web-unknown"])]
    steps = [
        lambda: say(ledger, "a"),
        lambda: ledger.next_unanswered(C),
        lambda: ledger.finish(C, 1, [{"text": "b"}]),
        lambda: ledger.see(C, 2, read=True),
    ]
    for step in steps:
        step()
        seen.append(read(ledger, versions, [C, "web-unknown"]))
    assert seen[0] == {} and len({str(versions) for versions in seen}) == len(steps) + 1
    ledger.see(C, 2, read=True)
    assert read(ledger, versions, [C]) == seen[-1]


def test_a_look_tells_where_a_conversation_stands(ledger):
    say(ledger, "a")
    ledger.next_unanswered(C)
    first = read(ledger, look, C, 0, 10)
    assert (first.processing, first.answered, [m.seq for m in first.messages]) == (1, 0, [1])
    ledger.finish(C, 1, [{"text": "b"}])
    ledger.see(C, 2, read=False)
    second = read(ledger, look, C, 1, 10)
    assert (second.processing, second.answered, second.delivered, second.read) == (None, 1, 2, 0)
    assert [m.seq for m in second.messages] == [2] and [
        m.seq for m in read(ledger, look, C, None, 1).messages
    ] == [2]
