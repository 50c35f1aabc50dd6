"""Does the jobs of the table, in one process of all that run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import NullPool

from kefu.config import settings
from kefu.jobs import table
from kefu.jobs.leader import Leader
from kefu.jobs.models import scheduled_jobs

logger = logging.getLogger(__name__)

#: How often the lease is renewed, or asked for, in seconds.
ROUND = 3.0
_ONE_AT_A_TIME = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}


class Scheduler:
    """Leads, or waits to; while leading, does the jobs.

    Args:
        leader: The right to act.
        seconds: How often the lease is renewed.
    """

    def __init__(self, leader: Leader | None = None, seconds: float = ROUND) -> None:
        self._leader, self._seconds = leader or Leader("scheduler"), seconds
        self._jobs: BackgroundScheduler | None = None

    async def forever(self) -> None:
        """Works until cancelled, and then lets others lead."""
        try:
            while True:
                await asyncio.to_thread(self.look)
                await asyncio.sleep(self._seconds)
        finally:
            self.stop()

    def look(self) -> None:
        """Renews the lease, or asks for it; begins or ends the work accordingly."""
        try:
            leading = self._leader.claim()
        except Exception as error:  # the database is away: what we had lasts until it is over
            logger.error("jobs.lease.failed: %s", type(error).__name__)
            leading = self._leader.is_leading
        if leading and self._jobs is None:
            logger.info("jobs.leading")
            self._jobs = self._start()
        elif not leading and self._jobs is not None:
            logger.warning("jobs.lease.lost")
            self._end()

    def stop(self) -> None:
        """Ends the work and gives the lease back."""
        self._end()
        try:
            self._leader.resign()
        except Exception as error:  # it ends by itself
            logger.error("jobs.resign.failed: %s", type(error).__name__)

    def _end(self) -> None:
        jobs, self._jobs = self._jobs, None
        if jobs is not None:
            jobs.shutdown(wait=False)

    def _start(self) -> BackgroundScheduler:
        jobs = BackgroundScheduler(
            jobstores={"default": KeptJobs(), "memory": MemoryJobStore()},
            # One after the other: SQLite takes one writer, and no job is in a hurry. But what is done by day,
            # or has a whole log to read, may take minutes, for which news should not wait.
            executors={"default": ThreadPoolExecutor(1), "daily": ThreadPoolExecutor(1)},
            job_defaults=_ONE_AT_A_TIME,
            timezone=settings().company_timezone,
        )
        for name, (work, every) in table.REPEATED.items():
            jobs.add_job(
                self._guarded(work), "interval", seconds=every.total_seconds(), id=name, jobstore="memory",
                executor="daily" if name in table.LONG else "default",
            )  # fmt: skip
        for name, (work, clock) in table.DAILY.items():
            hour, minute = map(int, clock.split(":"))
            when = {"hour": hour, "minute": minute, "executor": "daily"}
            jobs.add_job(work, "cron", id=name, replace_existing=True, **when)
        jobs.start()
        return jobs

    def _guarded(self, work: Callable[[], None]) -> Callable[[], None]:
        """Does the work only while this process leads: it may have slept through the end of its lease."""

        def guarded() -> None:
            if self._leader.is_leading:
                work()

        return guarded


class KeptJobs(SQLAlchemyJobStore):
    """Jobs in Kefu's own database, whose table the migrations make."""

    def __init__(self) -> None:
        super().__init__(engine=_engine())
        self.jobs_t = scheduled_jobs


def _engine() -> Engine:
    # APScheduler 3.9 executes on engines, which those of `kefu.db` no longer let it.
    engine = create_engine(settings().database_url, hide_parameters=True, poolclass=NullPool)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _wait(connection, _record) -> None:
            connection.execute("PRAGMA busy_timeout=30000")

    return engine
