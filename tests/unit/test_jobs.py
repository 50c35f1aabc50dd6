"""One scheduler acts, whichever processes run; a dead one is followed by another."""

import subprocess
import sys
import time

import pytest

from kefu.config import ROOT
from kefu.db import session_scope, utcnow
from kefu.jobs.leader import Leader
from kefu.jobs.models import Lease, scheduled_jobs
from kefu.jobs.scheduler import Scheduler

#: A process that leads when it can, and says so.
_PROCESS = """
import sys, time
from kefu.jobs.leader import Leader
leader, was = Leader("scheduler", 1), False
while True:
    leads = leader.claim()
    if leads != was:
        print("leads" if leads else "waits", time.time(), flush=True)
    was = leads
    time.sleep(0.1)
"""


@pytest.fixture
def process(installation):
    """Starts processes that want to lead; ends them."""
    started = []

    def start():
        command = [sys.executable, "-c", _PROCESS]
        started.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait()


def test_a_killed_leader_is_followed_by_the_other_process_when_its_lease_is_over(process):
    first = process()
    assert first.stdout.readline().startswith("leads")
    second = process()
    time.sleep(1.5)  # longer than a lease: who renews it keeps it
    first.kill()
    killed = time.time()
    word, at = second.stdout.readline().split()
    assert word == "leads" and killed < float(at) < killed + 10
    assert first.stdout.read() == ""  # it never ceased to lead


def test_only_one_of_two_leads_and_a_lost_lease_is_noticed(installation):
    one, two = Leader("scheduler"), Leader("scheduler")
    assert (one.claim(), two.claim(), one.claim()) == (True, False, True)
    assert (one.is_leading, two.is_leading) == (True, False)
    with session_scope() as session:
        session.get(Lease, "scheduler").until = utcnow()
    assert (two.claim(), one.claim(), one.is_leading) == (True, False, False)
    two.resign()
    assert one.claim()


def test_the_leader_does_the_jobs_and_keeps_the_dated_ones_in_the_database(installation, monkeypatch):
    from kefu.jobs import table

    done = []
    from datetime import timedelta

    monkeypatch.setattr(table, "REPEATED", {"look": (lambda: done.append(1), timedelta(seconds=0.05))})
    leads, waits = Scheduler(), Scheduler()
    try:
        leads.look()
        waits.look()
        until = time.monotonic() + 10
        while not done and time.monotonic() < until:
            time.sleep(0.02)
        assert done and waits._jobs is None
        with session_scope() as session:
            assert [row.id for row in session.execute(scheduled_jobs.select())] == ["forget_old"]
        leads.stop()
        waits.look()
        assert waits._jobs is not None
    finally:
        leads.stop()
        waits.stop()
