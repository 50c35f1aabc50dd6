"""The database: engine, session scope, migrations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timezone
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session, declarative_base, sessionmaker
from sqlalchemy.pool import QueuePool

from kefu.config import ROOT, settings

Base = declarative_base()


def utcnow() -> datetime:
    """The present in UTC, without zone, as every time in the database is kept."""
    return datetime.now(timezone.utc).replace(tzinfo=None)


def company_time(moment: datetime) -> datetime:
    """A time from the database in the company's zone, for showing."""
    return moment.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(settings().company_timezone))


def today() -> date:
    """The day that it is in the company's zone: numbers and policies go by it."""
    return company_time(utcnow()).date()


def connect(url: str) -> Engine:
    """Opens an engine for ``url``; SQLite waits for other writers instead of failing."""
    sqlite = url.startswith("sqlite")
    # SQLAlchemy 1.4 would open an SQLite file anew for each transaction.
    pool = {"poolclass": QueuePool} if sqlite and ":memory:" not in url else {}
    engine = create_engine(
        url,
        future=True,
        # A traceback must not carry what customers wrote.
        hide_parameters=True,
        pool_pre_ping=not sqlite,
        connect_args={"check_same_thread": False, "timeout": 30} if sqlite else {},
        **pool,
    )
    if sqlite:

        @event.listens_for(engine, "connect")
        def _pragmas(connection, _record) -> None:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("PRAGMA foreign_keys=ON")
            # What customers had deleted must not stay in the file.
            connection.execute("PRAGMA secure_delete=ON")

    return engine


@lru_cache(maxsize=1)
def engine() -> Engine:
    """The engine of Kefu's own tables, one per process."""
    return connect(settings().database_url)


#: Made once: SQLAlchemy builds a class, with all its event hooks, for each.
_new_session = sessionmaker(future=True, expire_on_commit=False)


@contextmanager
def session_scope() -> Iterator[Session]:
    """A session that commits when the block ends and rolls back when it fails."""
    session = _new_session(bind=engine())
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.close()


def batches(values: Sequence[Any], size: int = 500) -> Iterator[Sequence[Any]]:
    """Parts of ``values`` small enough for one statement's parameters."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def migrate() -> None:
    """Brings the database to the newest schema; several processes may call it at once."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(ROOT / "kefu" / "migrations"))
    command.upgrade(config, "head")
