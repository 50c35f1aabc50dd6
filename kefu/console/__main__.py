"""``python -m kefu.console``: serves the console.

With ``admin LOGIN``: makes the first account; with ``token NAME --scopes ...``: lets another system call;
with ``forget CUSTOMER``: has a customer forgotten who asked for it by letter.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys

from sqlalchemy import select

from kefu.config import SettingsError, settings
from kefu.console import accounts, privacy_api
from kefu.console.accounts import AccountError
from kefu.console.helper import helper
from kefu.console.models import Account
from kefu.console.open import tokens
from kefu.console.open.tokens import TokenError
from kefu.console.refusals import Refusal
from kefu.db import migrate, session_scope


def serve(host: str, port: int) -> int:
    """Serves until told to stop."""
    import uvicorn

    from kefu.console.app import create

    migrate()
    uvicorn.run(
        create(),
        host=host,
        port=port,
        ws="wsproto",
        # Requests carry customers' ids in their paths.
        access_log=False,
        server_header=False,
        log_level="warning",
        timeout_graceful_shutdown=3,
    )
    return 0


def admin(login: str) -> int:
    """Makes an administrator, or gives one who forgot it a new password; prints the one-time password."""
    migrate()
    with session_scope() as session:
        account = session.scalar(select(Account).filter_by(login=login.strip().lower()))
        if account is None:
            account, password = accounts.create(session, login, login, "admin")
            accounts.audit(session, None, "account.created", f"account:{account.id}", role="admin")
        elif account.role == "admin" and account.active:
            password = accounts.reset(session, account)
            accounts.audit(session, None, "password.reset", f"account:{account.id}")
        else:
            print(f"{login} is taken by somebody who is no administrator.", file=sys.stderr)
            return 1
        print(
            f"Login: {account.login}\nOne-time password: {password}\nIt has to be changed at the first login."
        )
    return 0


def token(name: str, scopes: list[str], days: int | None) -> int:
    """Makes a token of the open API and prints it."""
    migrate()
    with session_scope() as session:
        made, text = tokens.create(session, name, scopes, tokens.ends_in(days))
        accounts.audit(session, None, "token.created", f"token:{made.id}", scopes=made.scopes)
        print(f"Token: {text}\nIt is not shown again.")
    return 0


def forget(customer: str) -> int:
    """Has the customer of a proved phone, or of an identity, forgotten; prints the wish's number."""
    migrate()
    with session_scope() as session:
        wish = privacy_api.ask(session, customer, "command")
        accounts.audit(session, None, "customer.forgotten", f"erasure:{wish.id}")
        print(f"Wish {wish.id} is kept. The assistant fulfils it within seconds, or when it is started.")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; what the caller must mend is one sentence."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    parser = argparse.ArgumentParser(prog="python -m kefu.console", description="The operators' console.")
    parser.add_argument("--host", default=os.environ.get("KEFU_HOST") or "127.0.0.1")
    parser.add_argument("--port", type=int, default=os.environ.get("KEFU_CONSOLE_PORT") or 5006)
    commands = parser.add_subparsers(dest="command")
    maker = commands.add_parser("admin", help="make an administrator, or give one a new one-time password")
    maker.add_argument("login")
    caller = commands.add_parser("token", help="make a token of the open API (docs/api.md)")
    caller.add_argument("name", help="what the other system is called")
    caller.add_argument("--scopes", nargs="+", required=True, metavar="SCOPE", choices=tokens.SCOPES)
    caller.add_argument(
        "--days", type=int, choices=range(1, 3651), metavar="DAYS", help="for how long; else for good"
    )
    letter = commands.add_parser("forget", help="have a customer forgotten who asked for it by letter")
    letter.add_argument("customer", help="a phone that they proved, or an identity (as in the log)")
    chosen = parser.parse_args(arguments)
    try:
        settings(), helper()
        if chosen.command == "admin":
            return admin(chosen.login)
        if chosen.command == "token":
            return token(chosen.name, chosen.scopes, chosen.days)
        if chosen.command == "forget":
            return forget(chosen.customer)
        return serve(chosen.host, chosen.port)
    except Refusal as refusal:
        print(refusal.message, file=sys.stderr)
        return 1
    except (AccountError, SettingsError, TokenError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
