"""The description of the app's interface is true: generated requests are answered as it says."""

import asyncio
import itertools
import threading
from pathlib import Path

import hypothesis
import pytest
import schemathesis
import yaml
from schemathesis.checks import CHECKS, load_all_checks

from kefu.channels.app_routes import DESCRIPTION
from kefu.db import engine, migrate
from tests.app_client import login
from tests.app_server import serving_app
from tests.web_server import EchoBot

load_all_checks()
EXCLUDED_NAMES = {
    # What the schema cannot say (a button must exist, a text must be visible) may refuse what it allows.
    "positive_data_acceptance",
    # Sanic answers wrong methods before any route of ours.
    "unsupported_method",
}
EXCLUDED = [check for check in CHECKS.get_all() if check.__name__ in EXCLUDED_NAMES]
EXAMPLES = 25

schema = schemathesis.openapi.from_dict(yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8")))
_accounts = itertools.count()


@pytest.fixture(scope="module")
def server():
    """A server on a thread of its own, as schemathesis asks synchronously."""
    started, stop, address = threading.Event(), asyncio.Event(), []
    loop = asyncio.new_event_loop()

    async def serve():
        # The settings' own database: codes are counted in transactions of their own there.
        migrate()
        async with serving_app(EchoBot(), Path(engine().url.database)) as url:
            address.append(url)
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert started.wait(20)
    yield address[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)


# The events never end; they have tests of their own.
@schema.exclude(path="/events").parametrize()
@hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)
def test_every_request_is_answered_as_described(case, server):
    # Each of a customer of its own: the limit of messages has a test of its own, too.
    headers = {"Authorization": f"Bearer {login(f'account-{next(_accounts)}')}"}
    case.call_and_validate(base_url=f"{server}/app/v1", headers=headers, excluded_checks=EXCLUDED)
