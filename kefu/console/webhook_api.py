"""Routes on webhooks, for administrators at the console and for other systems alike."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session

from kefu.console import accounts, views
from kefu.console.accounts import Me
from kefu.console.guard import sent_by, transaction
from kefu.console.open import shapes
from kefu.console.open.guard import request_key
from kefu.console.open.shapes import Id
from kefu.console.open.tokens import Caller
from kefu.webhooks import service


def routes(route_class: type[APIRoute] = APIRoute) -> APIRouter:
    """The routes; who includes them says who may.

    Args:
        route_class: What they are made of.
    """
    router = APIRouter(route_class=route_class, tags=["webhooks"])
    one, delivery = "/webhooks/{webhook_id}", "/webhooks/{webhook_id}/deliveries/{delivery_id}/again"
    router.get("/webhooks", response_model=shapes.Webhooks)(list_webhooks)
    router.post("/webhooks", status_code=201, response_model=shapes.MadeWebhook)(add_webhook)
    router.patch(one, response_model=shapes.Webhook)(change_webhook)
    router.delete(one, status_code=204)(remove_webhook)
    router.post(f"{one}/test", status_code=202, response_model=shapes.Delivery)(test_webhook)
    router.get(f"{one}/deliveries", response_model=shapes.Deliveries)(list_deliveries)
    router.post(delivery, status_code=202, response_model=shapes.Delivery)(send_again)
    return router


def list_webhooks(session: Session = transaction()) -> dict[str, Any]:
    """Every webhook and how it fares."""
    return {"webhooks": [views.webhook(item) for item in service.all_of_them(session)]}


def add_webhook(
    new: shapes.NewWebhook,
    sender: Me | Caller = sent_by(),
    key: str | None = request_key(),
    session: Session = transaction(),
) -> dict[str, Any]:
    """Tells an address of events from now on; the secret that signs them is shown this once."""
    made = service.subscribe(session, new.url, new.kinds, key)
    accounts.audit(session, sender, "webhook.created", f"webhook:{made.id}")
    return {**views.webhook(made), "secret": made.secret}


def change_webhook(
    webhook_id: Id,
    change: shapes.WebhookChange,
    sender: Me | Caller = sent_by(),
    session: Session = transaction(),
) -> dict[str, Any]:
    """Changes address or kinds, or switches it off or on; what waits is then sent."""
    changed = service.change(session, webhook_id, **change.dict())
    accounts.audit(session, sender, "webhook.changed", f"webhook:{webhook_id}", active=changed.active)
    return views.webhook(changed)


def remove_webhook(webhook_id: Id, sender: Me | Caller = sent_by(), session: Session = transaction()) -> None:
    """Ends a webhook, with what was on its way to it."""
    service.remove(session, webhook_id)
    accounts.audit(session, sender, "webhook.removed", f"webhook:{webhook_id}")


def test_webhook(
    webhook_id: Id, sender: Me | Caller = sent_by(), session: Session = transaction()
) -> dict[str, Any]:
    """Sends it `webhook.tested`."""
    sent = service.test(session, webhook_id)
    accounts.audit(session, sender, "webhook.tested", f"webhook:{webhook_id}")
    return views.delivery(sent)


def list_deliveries(webhook_id: Id, session: Session = transaction()) -> dict[str, Any]:
    """Its last deliveries."""
    return {"deliveries": [views.delivery(item) for item in service.log(session, webhook_id)]}


def send_again(
    webhook_id: Id, delivery_id: Id, sender: Me | Caller = sent_by(), session: Session = transaction()
) -> dict[str, Any]:
    """Sends a delivery once more, under the same `webhook-id`."""
    sent = service.again(session, webhook_id, delivery_id)
    accounts.audit(session, sender, "webhook.sent_again", f"webhook:{webhook_id}", delivery=delivery_id)
    return views.delivery(sent)
