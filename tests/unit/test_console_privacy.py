"""Requests by letter: an administrator, or a command, has a customer forgotten; the log does not say whom."""

import pytest
from sqlalchemy import select

from kefu.console.__main__ import main
from kefu.console.models import AuditEntry
from kefu.db import session_scope
from kefu.privacy import erasing
from kefu.privacy.models import Erasure
from tests import console as people

ADDRESS = "/api/erasures"


@pytest.fixture
def admin(visit):
    people.account("root", "admin")
    return visit("root")


@pytest.fixture
def writer(installation):
    """Who wrote the letter."""
    sender = people.customer("writer")
    people.says(sender, "你好")
    return sender.id


def audited():
    with session_scope() as session:
        entries = session.scalars(select(AuditEntry).filter_by(action="customer.forgotten"))
        return [(entry.object, entry.data) for entry in entries]


def test_a_letter_is_fulfilled_and_the_log_does_not_say_whose(admin, writer):
    answer = admin.post(ADDRESS, json={"customer": writer, "confirm": True})
    assert answer.status_code == 200 and answer.json()["erasure"]["done_at"] is None
    assert audited() == [("erasure:1", {})]
    assert erasing.carry_out(1).identities == (writer,)
    (shown,) = admin.get(ADDRESS).json()["erasures"]
    assert shown["done_at"] and writer not in str(shown)


@pytest.mark.parametrize(
    ("body", "status"),
    [({"customer": "+8613800138000", "confirm": True}, 404), ({"customer": "x" * 65, "confirm": True}, 422)],
)
def test_nobody_is_forgotten_by_mistake(admin, writer, body, status):
    assert admin.post(ADDRESS, json=body).status_code == status
    assert admin.post(ADDRESS, json={"customer": writer, "confirm": False}).status_code == 422
    assert audited() == []


def test_a_command_does_the_same(writer, capsys):
    assert main(["forget", "nobody"]) == 1 and "no such customer" in capsys.readouterr().err
    assert main(["forget", writer]) == 0 and "Wish 1" in capsys.readouterr().out
    with session_scope() as session:
        assert session.get(Erasure, 1).asked_by == "command"
    assert audited() == [("erasure:1", {})]
