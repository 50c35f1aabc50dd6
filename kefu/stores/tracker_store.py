"""Where Rasa keeps its conversations."""

from __future__ import annotations

from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain

from kefu.config import settings
from kefu.db import connect


class KefuTrackerStore(SQLTrackerStore):
    """Rasa's SQL tracker store on the database of the settings (``KEFU_TRACKER_URL``).

    The stock store takes its address from endpoints.yml, which fails to load when a variable is missing;
    this one has a default, so that plain ``rasa shell`` works, and opens SQLite in WAL mode.
    """

    def __init__(
        self,
        host: Any = None,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        **kwargs: Any,
    ) -> None:
        """Opens the store and creates its table if needed (see parent class)."""
        url = settings().tracker_url
        super().__init__(domain=domain, host=url, event_broker=event_broker, **kwargs)
        self.engine.dispose()
        self.engine = connect(url)
        self.sessionmaker.configure(bind=self.engine)
