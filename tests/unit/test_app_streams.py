"""One stream: what it tells, in which order, and when it gives up; without a server."""

import json
from dataclasses import replace
from datetime import datetime

import pytest

from kefu.channels.app_streams import Stream, parse_event_id
from kefu.channels.desk import thread_of
from kefu.channels.protocol import BadInput
from kefu.conversations.ledger import Entry
from kefu.conversations.standing import Standing

C = "app-1"
T = thread_of(C)


def entry(seq, direction="out", conversation=C):
    body = {"text": str(seq)}
    return Entry(conversation, seq, direction, "id", body, None, 1, datetime(2026, 1, 1), C, "app")


def standing(*seqs, conversation=C, **marks):
    return Standing(conversation, 1, [entry(seq, conversation=conversation) for seq in seqs], **marks)


def told(stream):
    """What a stream tells: kind, and the number or the state."""
    found = []
    for event in filter(None, stream.take().decode().split("\n\n")):
        fields = dict(line.split(": ", 1) for line in event.split("\n"))
        data = json.loads(fields["data"])
        found.append((fields["event"], *(data[key] for key in ("state", "seq", "on") if key in data)))
    return found


@pytest.fixture
def stream():
    stream = Stream(C)
    stream.catch_up(standing(1, 2, answered=1))
    assert told(stream) == [("thread",), ("message", 1), ("message", 2), ("receipt", "answered", 1)]
    stream.stale = False
    return stream


def test_the_next_message_is_told_at_once(stream):
    stream.show(entry(3))
    assert told(stream) == [("message", 3)] and not stream.stale


def test_a_message_after_a_gap_waits_for_the_ledger(stream):
    stream.show(entry(4))
    assert told(stream) == [] and stream.stale
    stream.catch_up(standing(3, 4, answered=1))
    assert told(stream) == [("message", 3), ("message", 4)]


def test_what_was_told_is_not_told_again_by_a_look_that_came_late(stream):
    stream.show(entry(3))
    stream.show(entry(3))
    stream.catch_up(standing(2, 3, answered=1))
    assert told(stream) == [("message", 3)]


def test_nothing_is_told_of_a_message_that_was_not_told_itself(stream):
    stream.processing(entry(3, "in"), True)
    assert told(stream) == [] and stream.stale


def test_receipts_only_go_forward(stream):
    stream.show(entry(3, "in"))
    stream.processing(entry(3, "in"), True)
    stream.processing(entry(3, "in"), False)
    stream.answered(entry(3, "in"))
    stream.catch_up(standing(answered=1, read=2, delivered=2))
    states = [
        ("message", "received", 3),
        ("receipt", "processing", 3),
        ("typing", True),
        ("typing", False),
        ("receipt", "answered", 3),
    ]
    assert told(stream) == [*states, ("receipt", "delivered", 2), ("receipt", "read", 2)]


def test_another_conversation_begins_with_its_thread(stream):
    stream.show(entry(9, conversation="web-1"))
    assert stream.stale
    stream.catch_up(standing(8, 9, conversation="web-1"))
    assert told(stream) == [("thread",), ("message", 8), ("message", 9)]
    assert stream.after("web-1") == 9 and stream.after(C) is None


def test_a_client_that_resumes_is_told_only_what_came_after():
    stream = Stream(C, (T, 2))
    assert stream.after(C) == 2
    stream.catch_up(standing(3))
    assert told(stream) == [("message", 3)]


def test_a_client_that_does_not_read_ends_its_stream():
    stream = Stream(C, most=3)
    stream.catch_up(standing(*range(1, 9)))
    assert stream.ended and len(told(stream)) == 3


def test_a_message_carries_the_id_that_resumes_after_it():
    stream = Stream(C)
    stream.catch_up(standing(7))
    assert f"id: {T}-7\nevent: message\n".encode() in stream.take()
    assert parse_event_id(f"{T}-7") == (T, 7) and parse_event_id("") is None


@pytest.mark.parametrize("value", ["7", "x-7", f"{T}-", f"{T}-99999999999", f"{T}-2147483648", "a" * 5000])
def test_another_id_is_refused(value):
    with pytest.raises(BadInput, match="Last-Event-ID"):
        parse_event_id(value)


def test_line_breaks_in_what_is_said_break_no_event():
    stream = Stream(C)
    stream.catch_up(standing())
    stream.show(replace(entry(1), body={"text": "a\n\ndata: b\r\nevent: c"}))
    assert [kind for kind, *_ in told(stream)] == ["thread", "message"]
