"""The open API as an application of its own, which the console serves under ``/api/v1``."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from kefu.console import refusals, webhook_api
from kefu.console.open import conversations, customers, handoffs, once, shapes, tickets
from kefu.console.open.guard import OpenRoute, Scope, scope
from kefu.console.open.limits import RateLimit

PATH = "/api/v1"
_ABOUT = (
    "Tickets, customers, conversations and takeovers for other systems of the company. Send a token as "
    "`Authorization: Bearer`; each operation names the scope that it needs. Times are UTC. What is not there "
    "is left out; unknown parameters and fields are refused. A `POST` with the header `Idempotency-Key` is "
    "done once."
)
_REFUSALS = {
    400: "The body is no text.",
    401: "No valid token.",
    403: "The token lacks the scope.",
    404: "There is none.",
    409: "Its state does not allow it, or the same call is being done.",
    422: "A parameter or field is wrong; it is named.",
    429: "Too many calls; wait as long as `Retry-After` says.",
    503: "The database is not available.",
}


def create() -> FastAPI:
    """Makes the application."""
    app = FastAPI(
        title="Kefu",
        version="1",
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        responses={
            status: {"model": shapes.Refused, "description": text} for status, text in _REFUSALS.items()
        },
    )
    app.state.limit = RateLimit()
    refusals.install(app)
    for module in (tickets, customers, conversations, handoffs):
        app.include_router(module.router)
    app.include_router(webhook_api.routes(OpenRoute), dependencies=[scope("webhooks")])
    _complete(app)
    return app


def scopes_of(dependant: Dependant) -> list[str]:
    """The scopes that a route names."""
    return [part.call.name for part in dependant.dependencies if isinstance(part.call, Scope)]


def _complete(app: FastAPI) -> None:
    """Adds to the description what FastAPI does not know: scopes and the idempotency key."""
    generate = app.openapi
    key = {
        "name": once.HEADER,
        "in": "header",
        "required": False,
        "description": "The same key and body give the same answer for 24 hours.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
    }

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = generate()
            for route in app.routes:
                if isinstance(route, APIRoute):
                    for method in route.methods:
                        operation = schema["paths"][route.path][method.lower()]
                        (needed,) = scopes_of(route.dependant)
                        operation["description"] += f"\n\nScope: `{needed}`."
                        if method == "POST":
                            operation.setdefault("parameters", []).append(key)
        return app.openapi_schema

    app.openapi = described
