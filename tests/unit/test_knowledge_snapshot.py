"""A newer edition is built aside while the old one serves."""

import threading

import pytest

from kefu.knowledge import snapshot
from kefu.knowledge.snapshot import Snapshot


class Numbers(Snapshot[str]):
    """Built from an edition that the test sets; building the second waits for the test."""

    def __init__(self):
        super().__init__()
        self.loaded, self.prepared, self.goes_on = 1, 0, threading.Event()

    def prepare(self):
        self.prepared += 1

    def newest(self):
        return self.loaded

    def build(self):
        number = self.loaded
        if number > 1:
            assert self.goes_on.wait(10)
        if number > 2:
            raise ValueError("a faulty edition")
        return number, f"edition {number}"


@pytest.fixture
def numbers(monkeypatch):
    monkeypatch.setattr(snapshot, "_RECHECK_SECONDS", 0.0)
    numbers = Numbers()
    yield numbers
    numbers.goes_on.set()
    ended()


def ended():
    for thread in threading.enumerate():
        if thread.name == snapshot.THREAD:
            thread.join(10)


def test_the_first_caller_waits_and_prepares_once(numbers):
    assert [numbers(), numbers()] == ["edition 1"] * 2
    assert numbers.prepared == 1


def test_the_old_one_serves_until_the_newer_one_is_built(numbers):
    numbers()
    numbers.loaded = 2
    assert [numbers(), numbers()] == ["edition 1"] * 2
    numbers.goes_on.set()
    ended()
    assert numbers() == "edition 2"


def test_after_a_pause_the_first_caller_has_the_newer_one(numbers, monkeypatch):
    numbers()
    numbers.loaded = 2
    numbers.goes_on.set()
    monkeypatch.setattr(snapshot, "_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(snapshot, "_PATIENCE_SECONDS", 10.0)
    assert numbers() == "edition 2"


def test_after_a_pause_nobody_waits_for_long(numbers, monkeypatch):
    numbers()
    numbers.loaded = 2
    monkeypatch.setattr(snapshot, "_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(snapshot, "_PATIENCE_SECONDS", 0.01)
    assert numbers() == "edition 1"


def test_within_a_second_nothing_is_looked_for(numbers, monkeypatch):
    monkeypatch.setattr(snapshot, "_RECHECK_SECONDS", 60.0)
    numbers()
    monkeypatch.setattr(numbers, "newest", lambda: pytest.fail("asked"))
    assert numbers() == "edition 1"


def test_a_newer_one_that_cannot_be_built_leaves_the_old_one(numbers, caplog):
    numbers()
    numbers.loaded = 3
    numbers.goes_on.set()
    numbers()
    ended()
    assert numbers() == "edition 1"
    assert "knowledge.refresh.failure" in caplog.text
