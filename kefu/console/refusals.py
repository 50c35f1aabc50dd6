"""How the console refuses: every answer that is no success is ``{"error": {"code", "field", "message"}}``."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException

from kefu.console.accounts import AccountError
from kefu.console.open.tokens import TokenError
from kefu.handoff.agents import NoSuchAgent
from kefu.handoff.dispatch import NotGiven
from kefu.handoff.models import WrongStep
from kefu.handoff.service import NoSuchHandoff, NotAvailable
from kefu.knowledge.editing import EntryChanged, NoSuchEntry
from kefu.knowledge.items import EditError
from kefu.knowledge.review import Decided, NoSuchCandidate
from kefu.notifications.campaigns import BadCampaign, NoSuchCampaign, WrongCampaignStep
from kefu.notifications.expressions import ExpressionError
from kefu.notifications.service import NoSuchNotification, NotDead
from kefu.tickets.lifecycle import NotAllowed, WordsMissing, WrongState
from kefu.tickets.progress import ChangedMeanwhile, OtherCustomer
from kefu.tickets.service import NoSuchTicket
from kefu.webhooks.service import NoSuchWebhook, WebhookError

logger = logging.getLogger(__name__)


class Refusal(Exception):
    """A request that is not done.

    Attributes:
        status: Of HTTP.
        code: What a program tells it by.
        field: Which part of the request is to blame, if one is.
        headers: What the answer's head says besides.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.field, self.message = status, code, field, message
        self.headers = dict(headers or {})


def not_found(what: str) -> Refusal:
    """There is none, or none that the sender may know of."""
    return Refusal(404, "not_found", f"There is no such {what}.")


def answer(refusal: Refusal) -> JSONResponse:
    """The refusal as it is sent."""
    error = {"code": refusal.code, "field": refusal.field, "message": refusal.message}
    return JSONResponse(
        {"error": error}, refusal.status, headers={"Cache-Control": "no-store", **refusal.headers}
    )


#: What use cases raise, as the sender sees it.
_KNOWN = {
    NoSuchHandoff: lambda e: not_found("conversation"),
    NoSuchAgent: lambda e: not_found("agent"),
    NoSuchTicket: lambda e: not_found("ticket"),
    WrongStep: lambda e: Refusal(409, "wrong_step", f"The conversation is {e.state} now."),
    WrongState: lambda e: Refusal(409, "wrong_state", f"The ticket is {e.status} now."),
    NotAllowed: lambda e: Refusal(403, "forbidden", "Your role does not allow this."),
    WordsMissing: lambda e: Refusal(422, "missing", str(e), "text"),
    OtherCustomer: lambda e: Refusal(
        409, "other_customer", "That is no other ticket of this customer.", "into"
    ),
    ChangedMeanwhile: lambda e: Refusal(409, "changed_meanwhile", "Somebody else has just changed it."),
    NotAvailable: lambda e: Refusal(409, str(e), "The agent takes no more customers now."),
    NotGiven: lambda e: Refusal(409, str(e), "The agent is offline or has no room for more tickets."),
    AccountError: lambda e: Refusal(422, e.code, str(e), e.field),
    IntegrityError: lambda e: Refusal(409, "changed_meanwhile", "Somebody else has just changed it."),
    TokenError: lambda e: Refusal(422, e.code, str(e), e.field),
    WebhookError: lambda e: Refusal(422, e.code, str(e), e.field),
    NoSuchWebhook: lambda e: not_found("webhook"),
    NoSuchCampaign: lambda e: not_found("campaign"),
    NoSuchNotification: lambda e: not_found("notification"),
    WrongCampaignStep: lambda e: Refusal(409, "campaign_state", "The campaign's state does not allow that."),
    NotDead: lambda e: Refusal(409, "not_dead", "Only what could not be sent is sent again."),
    BadCampaign: lambda e: Refusal(422, "invalid", str(e), e.field),
    ExpressionError: lambda e: Refusal(422, f"segment_{e.code}", str(e), "segment"),
    EditError: lambda e: Refusal(422, e.code, str(e), e.field),
    EntryChanged: lambda e: Refusal(409, "changed_meanwhile", "Somebody else has just changed it."),
    NoSuchEntry: lambda e: not_found("entry"),
    NoSuchCandidate: lambda e: not_found("candidate"),
    Decided: lambda e: Refusal(409, "decided", "Somebody else has just decided on it."),
    StaleDataError: lambda e: Refusal(409, "changed_meanwhile", "Somebody else has just changed it."),
    OperationalError: lambda e: Refusal(503, "unavailable", "The database is not available now."),
}


def install(app: FastAPI) -> None:
    """Lets ``app`` answer every failure in the one form."""

    @app.exception_handler(Refusal)
    async def refused(request: Request, refusal: Refusal) -> JSONResponse:
        logger.info("console.refused: %s %s %s", request.method, _route(request), refusal.code)
        return answer(refusal)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"][1:]) or None
        return answer(Refusal(422, "invalid", f"{field or 'request'}: {first['msg']}", field))

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> JSONResponse:
        return answer(Refusal(error.status_code, "http", str(error.detail), headers=error.headers))

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> JSONResponse:
        logger.error("console.failed: %s %s %s", request.method, _route(request), type(error).__name__)
        return answer(Refusal(500, "internal", "Something went wrong here; please try again."))

    for kind, refusal in _KNOWN.items():

        async def known(request: Request, error: Exception, refusal=refusal) -> JSONResponse:
            return answer(refusal(error))

        app.exception_handler(kind)(known)


def _route(request: Request) -> str:
    """The path without what stands in its places: ids of customers do not belong in a log."""
    return getattr(request.scope.get("route"), "path", "?")
