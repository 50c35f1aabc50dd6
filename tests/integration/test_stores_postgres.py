"""Conversations on a PostgreSQL server are kept as they are on SQLite."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect

from kefu.config import settings
from kefu.stores import rows
from kefu.stores.tracker_store import KefuTrackerStore
from tests import postgres
from tests.unit.test_stores_tracker_store import (  # noqa: F401
    test_a_deleted_conversation_is_gone_from_memory_too,
    test_a_save_that_fails_leaves_nothing_behind,
    test_a_turn_reads_one_row_however_long_the_conversation,
    test_every_event_can_be_read_by_rasas_own_store,
    test_two_processes_that_take_turns_see_one_conversation,
    test_what_rasas_own_store_wrote_is_taken_over,
    test_who_writes_without_the_lock_is_noticed,
)
from tests.unit.test_stores_window import DOMAIN


@pytest.fixture(scope="module")
def server():
    programs = postgres.find()
    if not programs:
        pytest.skip(postgres.MISSING)
    with postgres.server(programs) as url:
        yield url


@pytest.fixture
def new_store(server, monkeypatch, tmp_path):
    """Starts one more process of the same installation, whose database is empty at first."""
    monkeypatch.setenv("KEFU_DATABASE_URL", server)
    monkeypatch.setenv("KEFU_VAR_DIR", str(tmp_path))
    settings.cache_clear()
    stores = []

    def start():
        stores.append(KefuTrackerStore(domain=DOMAIN))
        return stores[-1]

    yield start
    with stores[0].engine.begin() as connection:
        connection.execute(rows.EVENTS.delete())
        connection.execute(rows.SNAPSHOTS.delete())
    for store in stores:
        store.engine.dispose()
    settings.cache_clear()


def test_the_events_have_the_index_that_a_turn_needs(new_store):
    store = new_store()
    names = {index["name"] for index in inspect(store.engine).get_indexes("events")}
    assert "ix_events_sender_id_id" in names
    new_store()  # and another process does not trip over it
