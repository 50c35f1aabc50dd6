"""The jobs: each a function without a result, safe to be done twice.

Those that look again every few seconds have nothing to remember; dated ones are kept in the database.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from kefu.customers.learning import learn
from kefu.db import session_scope, utcnow
from kefu.notifications import campaigns, service
from kefu.recommendations.service import refresh

_followed = None


def follow_events() -> None:
    """Makes notifications of what has happened, and of policies that were published."""
    global _followed
    now = utcnow()
    with session_scope() as session:
        service.follow(session, _followed or now - service.OLDEST)
    _followed = now


def track_messages() -> None:
    """Notes what became of messages."""
    with session_scope() as session:
        service.track(session)


def run_campaigns() -> None:
    """Begins campaigns that are due, and puts one part of each audience into the outbox."""
    with session_scope() as session:
        campaigns.start_due(session)
        running = campaigns.running(session)
    for campaign_id in running:
        with session_scope() as session:
            campaigns.advance(session, campaign_id)


def learn_profiles() -> None:
    """Reads what has happened into the customers' profiles."""
    learn()


def refresh_recommendations() -> None:
    """Learns anew what goes with what; in use everywhere seconds later."""
    refresh()


def forget_old() -> None:
    """Forgets what was told long ago."""
    with session_scope() as session:
        service.prune(session)


#: By name: what, and how often.
REPEATED: dict[str, tuple[Callable[[], None], timedelta]] = {
    "follow_events": (follow_events, timedelta(seconds=2)),
    "track_messages": (track_messages, timedelta(seconds=5)),
    "run_campaigns": (run_campaigns, timedelta(seconds=2)),
    "learn_profiles": (learn_profiles, timedelta(seconds=30)),
}
#: What of these may take minutes, when there is much to catch up with.
LONG = frozenset({"learn_profiles"})
#: By name: what, and when each day (in the company's zone); kept in the database.
DAILY: dict[str, tuple[Callable[[], None], str]] = {
    "forget_old": (forget_old, "04:10"),
    "refresh_recommendations": (refresh_recommendations, "04:30"),
}
