"""Senders are killed, an API fails and keeps silent: each notification arrives once (`make bench-outbox`)."""

import pytest

from bench import outbox
from tests import postgres


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_every_notification_arrives_once_whoever_dies_and_whatever_fails(kind, monkeypatch):
    if kind == "postgres" and not postgres.find():
        pytest.skip(postgres.MISSING)
    monkeypatch.setenv("KEFU_VAR_DIR", "")  # put back at the end, with the database's address
    monkeypatch.setenv("KEFU_DATABASE_URL", "")
    with outbox.database(kind):
        found = outbox.run(250, senders=2, kill_every=2, quiet_seconds=0, lease=2, limit=60)
    assert found["kills"] >= 1 and found["failed_calls"] > 20
    wrong = ("left", "not_once_at_platform", "not_once_in_chat", "in_quiet_hours", "over_quota")
    assert {name: found[name] for name in wrong} == dict.fromkeys(wrong, 0), found
