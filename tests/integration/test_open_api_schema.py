"""The description of the open API is true: generated requests are answered as it says."""

import os
import threading
import time

import hypothesis
import pytest
import schemathesis
import uvicorn
from schemathesis.checks import CHECKS, load_all_checks

from kefu import db
from kefu.config import settings
from kefu.console.app import create
from kefu.console.open import app as open_api
from kefu.console.open.limits import RateLimit
from tests import console as people
from tests.callers import token
from tests.ports import free_ports

load_all_checks()
EXCLUDED_NAMES = {
    # What the schema cannot say (a customer must exist, a state must allow it) may refuse what it allows.
    "positive_data_acceptance",
    # Unknown keys of the body are refused; those of the query, too, which the schema cannot say.
    "negative_data_rejection",
    # To a wrong method Starlette names those of the first route of the path only.
    "allow_header_conformance",
}
EXCLUDED = [check for check in CHECKS.get_all() if check.__name__ in EXCLUDED_NAMES]
EXAMPLES = 20

schema = schemathesis.openapi.from_dict(open_api.create().openapi())


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A console on a thread of its own, with a customer who waits and has a ticket; gives URL and token."""
    before = os.environ["KEFU_VAR_DIR"]
    os.environ["KEFU_VAR_DIR"] = str(tmp_path_factory.mktemp("api"))
    forget()
    db.migrate()
    people.ticket(people.customer("a"))
    people.waits(people.customer("a"))
    app, (port,) = create(warm=False), free_ports(1)
    limited = next(route.app for route in app.routes if getattr(route, "path", "") == open_api.PATH)
    limited.state.limit = RateLimit(burst=100_000)
    running = uvicorn.Server(uvicorn.Config(app, port=port, lifespan="off", ws="none", log_level="error"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not running.started:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}{open_api.PATH}", token()
    running.should_exit = True
    thread.join(10)
    os.environ["KEFU_VAR_DIR"] = before
    forget()


def forget():
    if db.engine.cache_info().currsize:
        db.engine().dispose()
    settings.cache_clear()
    db.engine.cache_clear()


@schema.parametrize()
@hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)
def test_every_request_is_answered_as_described(case, server):
    url, text = server
    headers = {"Authorization": f"Bearer {text}"}
    case.call_and_validate(base_url=url, headers=headers, excluded_checks=EXCLUDED)
