"""Accounts of the console: logins, passwords, locks, roles."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from kefu.console import accounts
from kefu.console.__main__ import main
from kefu.console.accounts import AccountError
from kefu.console.models import Account, Login
from kefu.db import session_scope, utcnow
from kefu.handoff.models import Agent


@pytest.fixture
def session(installation):
    with session_scope() as session:
        yield session


def test_a_given_password_logs_in_and_must_be_changed(session):
    account, password = accounts.create(session, " Li ", "李工", "agent")
    token, same = accounts.log_in(session, "LI", password)
    assert (same, account.login, account.must_change) == (account, "li", True)
    assert accounts.who(session, token).must_change
    assert password not in account.password_hash and account.password_hash.startswith("$argon2id$")


def test_who_talks_with_customers_becomes_an_agent_and_others_do_not(session):
    agent, _ = accounts.create(session, "li", "李工", "agent")
    admin, _ = accounts.create(session, "boss", "Boss", "admin")
    assert session.get(Agent, agent.agent_id).name == "李工"
    assert admin.agent_id is None


@pytest.mark.parametrize(
    "login, name, role, field",
    [("l", "x", "agent", "login"), ("a b", "x", "agent", "login"), ("li", " ", "agent", "name"),
     ("li", "x", "king", "role"), ("taken", "x", "agent", "login")],
)  # fmt: skip
def test_a_bad_account_is_refused_with_the_field_named(session, login, name, role, field):
    accounts.create(session, "taken", "x", "designer")
    with pytest.raises(AccountError) as error:
        accounts.create(session, login, name, role)
    assert error.value.field == field


def test_too_many_wrong_passwords_lock_the_account_for_a_while(session):
    account, password = accounts.create(session, "li", "李工", "agent")
    for _ in range(accounts.MAX_FAILED):
        assert accounts.log_in(session, "li", "wrong") is None
    assert accounts.log_in(session, "li", password) is None
    account.locked_until = utcnow() - timedelta(seconds=1)
    assert accounts.log_in(session, "li", password) is not None
    assert account.failed == 0


def test_the_unknown_and_the_closed_cannot_log_in(session):
    account, password = accounts.create(session, "li", "李工", "agent")
    assert accounts.log_in(session, "wang", password) is None
    accounts.change(session, account, None, None, False)
    assert accounts.log_in(session, "li", password) is None
    assert not session.get(Agent, account.agent_id).active


def test_a_new_password_ends_every_other_login(session):
    _, password = accounts.create(session, "li", "李工", "agent")
    old, _ = accounts.log_in(session, "li", password)
    new = accounts.change_password(session, accounts.who(session, old), password, "a long enough one")
    assert accounts.who(session, old) is None
    assert not accounts.who(session, new).must_change
    assert accounts.log_in(session, "li", password) is None


@pytest.mark.parametrize(
    "old, new, field",
    [("wrong", "a long enough one", "old"), (None, "short", "new"), (None, "my name is li.ming ok", "new")],
)
def test_a_bad_new_password_is_refused_with_the_field_named(session, old, new, field):
    _, password = accounts.create(session, "li.ming", "李工", "agent")
    token, _ = accounts.log_in(session, "li.ming", password)
    with pytest.raises(AccountError) as error:
        accounts.change_password(session, accounts.who(session, token), old or password, new)
    assert error.value.field == field


def test_a_login_ends_by_time_by_logging_out_and_by_losing_the_role(session):
    account, password = accounts.create(session, "li", "李工", "supervisor")
    tokens = [accounts.log_in(session, "li", password)[0] for _ in range(3)]
    hashes = [accounts.who(session, token).token_hash for token in tokens]
    session.get(Login, hashes[0]).expires_at = utcnow()
    session.flush()
    accounts.log_out(session, hashes[1])
    assert [accounts.who(session, token) is not None for token in tokens] == [False, False, True]
    assert accounts.still_valid(session, hashes) == {hashes[2]}
    accounts.change(session, account, None, "agent", None)
    assert accounts.who(session, tokens[2]) is None


def test_the_last_administrator_stays_one(session):
    boss, _ = accounts.create(session, "boss", "Boss", "admin")
    with pytest.raises(AccountError):
        accounts.change(session, boss, None, None, False)
    accounts.create(session, "other", "Other", "admin")
    accounts.change(session, boss, None, "designer", None)
    assert boss.role == "designer"


def test_the_command_makes_an_administrator_and_later_gives_a_new_password(installation, capsys):
    assert main(["admin", "boss"]) == 0
    first = capsys.readouterr().out.split("password: ")[1].split()[0]
    assert main(["admin", "boss"]) == 0
    second = capsys.readouterr().out.split("password: ")[1].split()[0]
    with session_scope() as session:
        assert accounts.log_in(session, "boss", first) is None
        assert accounts.log_in(session, "boss", second)[1].role == "admin"


def test_the_command_gives_nobody_else_a_password(installation, capsys):
    with session_scope() as session:
        accounts.create(session, "li", "李工", "agent")
    assert main(["admin", "li"]) == 1
    assert main(["admin", "not a login"]) == 1
    with session_scope() as session:
        assert session.scalars(select(Account)).one().role == "agent"
