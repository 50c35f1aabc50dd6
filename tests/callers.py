"""What tests of the open API share: other systems that call it."""

from __future__ import annotations

from fastapi.testclient import TestClient

from kefu.console.open import tokens
from kefu.db import session_scope

ALL = tokens.SCOPES


def token(*scopes: str, name: str = "crm", **values) -> str:
    """A token's text; with all scopes if none is named."""
    with session_scope() as session:
        return tokens.create(session, name, scopes or ALL, **values)[1]


def caller(console, *scopes: str, **values) -> TestClient:
    """A system that calls ``console`` with a token of its own, by paths below ``/api/v1``."""
    client = TestClient(console, base_url="http://testserver/api/v1", raise_server_exceptions=False)
    client.headers["Authorization"] = f"Bearer {token(*scopes, **values)}"
    return client


def error(answer) -> tuple[int, str, str | None]:
    """Status, code and field of a refusal."""
    told = answer.json()["error"]
    return answer.status_code, told["code"], told["field"]
