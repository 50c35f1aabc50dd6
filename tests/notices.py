"""What tests of notifications share: customers who can be told, news for them, and a sender."""

from __future__ import annotations

from sqlalchemy import select

from kefu.conversations.ledger import Ledger
from kefu.conversations.models import Message
from kefu.customers import service as customers
from kefu.customers.models import Identity
from kefu.db import session_scope, utcnow
from kefu.notifications import outbox, subscriptions
from kefu.notifications.models import Notification
from kefu.notifications.outbox import News
from kefu.notifications.sender import Sender
from tests.console import customer, says

#: Nothing of the hour at which tests run.
ALWAYS = {"quiet_from": "00:00", "quiet_until": "00:00"}


def subscriber(name: str, *topics: str, channel: str = "web", **manner: str):
    """A customer who has spoken, wants topics, and may be told at any hour unless ``manner`` says so."""
    sender = customer(name, channel)
    says(sender, "你好")
    with session_scope() as session:
        subscriptions.choose(session, sender.id, topics, True)
        subscriptions.set_manner(session, sender.id, **(ALWAYS | manner))
    return sender


def news(key: str = "news", topic: str = "policies", **values) -> News:
    """Something to tell."""
    about = {"topic": topic, "at": utcnow().isoformat()}
    return News(key, topic, "utter_push_policy", {"zh": {}, "en": {}}, about, **values)


def tell(sender, *all_news: News) -> list[bool]:
    """Puts news into the outbox."""
    with session_scope() as session:
        return [outbox.enqueue(session, sender.id, one) for one in all_news]


def post(channels=None, is_busy=lambda session, customer: False, told=None) -> Sender:
    """A sender whose words are the news' key."""

    async def words(parcel):
        return {"text": parcel.key}

    return Sender(Ledger(), channels or {}, words, is_busy, told=told)


def rows(sender) -> list[Notification]:
    """A customer's notifications in order."""
    with session_scope() as session:
        query = select(Notification).where(Notification.customer == sender.id).order_by(Notification.id)
        return list(session.scalars(query))


def heard(sender) -> list[str]:
    """The texts that stand in a customer's conversation and that they did not say."""
    with session_scope() as session:
        query = select(Message).where(Message.conversation_id == sender.id, Message.direction == "out")
        return [message.body["text"] for message in session.scalars(query.order_by(Message.seq))]


def link(one, other) -> None:
    """Puts a customer under another, as a code does."""
    with session_scope() as session:
        customers.link(session, one.id, session.get(Identity, other.id).customer_id, "code")


def later(**values) -> None:
    """Lets the time come for all that waits in the outbox; or sets values of its rows."""
    values = values or {"next_at": utcnow()}
    with session_scope() as session:
        session.query(Notification).update(values)
