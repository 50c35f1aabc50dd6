"""The outbox under fault: `make bench-outbox`.

Senders are killed at random, the channel's API fails 20 % of its calls and keeps silent at 5 % of them
(though it has taken those); a fifth of the customers is in quiet hours at first, half of them have a quota.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import tempfile
import time
from collections.abc import Iterator

from bench.outbox_world import QUOTA, Platform, Senders, fill, open_count, people, said, serving
from bench.report import Goal, finish, heading, table


def run(
    count: int, senders: int, kill_every: float, quiet_seconds: float, lease: float, limit: float
) -> dict:
    """Sends ``count`` notifications; gives what came of it.

    Args:
        count: How many notifications, four for each customer.
        senders: How many processes.
        kill_every: How often one is killed, in seconds on average.
        quiet_seconds: How long the quiet hours last at least; 0 for none.
        lease: Of what is in hand, in seconds.
        limit: After this time it is given up.
    """
    each = 4
    customers, quiet = people(count // each, quiet_seconds)
    fill(customers, each)
    platform = Platform(quiet_until=quiet)
    began = time.monotonic()
    with serving(platform) as address:
        crew = Senders(senders, address, lease)
        try:
            next_kill = time.monotonic() + kill_every
            while (left := open_count()) and time.monotonic() - began < limit:
                if time.monotonic() > next_kill:
                    crew.kill_one()
                    next_kill = time.monotonic() + kill_every * random.uniform(0.5, 1.5)
                time.sleep(0.25)
        finally:
            crew.stop()
    in_chat = said()
    return {
        "notifications": count,
        "seconds": round(time.monotonic() - began, 1),
        "kills": crew.kills,
        "calls": platform.calls,
        "failed_calls": platform.failures,
        "silent_calls": platform.silences,
        "left": left,
        "not_once_at_platform": sum(platform.seen[one] != each for one in customers),
        "not_once_in_chat": sum(in_chat[one] != each for one in customers),
        "in_quiet_hours": platform.early,
        "over_quota": sum(platform.seen[one] > QUOTA for one in customers if one.startswith("wechat")),
    }


@contextlib.contextmanager
def database(kind: str) -> Iterator[None]:
    """A new database of a kind (``sqlite``, ``postgres``) as that of the settings, of children, too."""
    from kefu import db
    from kefu.config import settings
    from tests import postgres

    with contextlib.ExitStack() as stack:
        os.environ["KEFU_VAR_DIR"] = stack.enter_context(tempfile.TemporaryDirectory())
        os.environ.pop("KEFU_DATABASE_URL", None)
        if kind == "postgres":
            programs = postgres.find()
            if not programs:
                raise SystemExit(postgres.MISSING)
            os.environ["KEFU_DATABASE_URL"] = stack.enter_context(postgres.server(programs))
        settings.cache_clear()
        db.engine.cache_clear()
        db.migrate()
        yield
        db.engine().dispose()
        db.engine.cache_clear()


def main() -> None:
    """Runs it on SQLite and PostgreSQL."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--senders", type=int, default=3)
    parser.add_argument("--databases", default="sqlite,postgres")
    options = parser.parse_args()
    goals = []
    for kind in options.databases.split(","):
        with database(kind):
            found = run(options.count, options.senders, 5, 30, 5, 3600)
        heading(kind)
        table(("what", "value"), found.items())
        for name in ("left", "not_once_at_platform", "not_once_in_chat", "in_quiet_hours", "over_quota"):
            goals.append(Goal.at_most(f"{kind}: {name}", found[name], 0))
        goals.append(Goal.at_least(f"{kind}: kills", found["kills"], 5))
    finish("outbox", goals)


if __name__ == "__main__":
    main()
