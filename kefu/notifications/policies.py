"""News of policies: what is published in the console is told to those who subscribed to policies."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kefu.customers import service as customers
from kefu.db import utcnow
from kefu.events import record_once
from kefu.knowledge import changes
from kefu.knowledge.changes import PolicyChange
from kefu.language.detect import LANGUAGES
from kefu.notifications import outbox
from kefu.notifications.models import Choice, Notification
from kefu.notifications.outbox import News
from kefu.notifications.rules import by_language

TOPIC = "policies"


def follow(session: Session, since: datetime) -> int:
    """Tells subscribers of policies published since a moment; each publication once, to who is one then.

    Of several publications of one policy that nobody was told of yet, the newest counts; what waits of
    earlier ones is taken back.

    Returns:
        How many notifications are new.
    """
    newest: dict[str, PolicyChange] = {}
    for change in changes.of_policies(session, since):
        if record_once(session, "policy.changed", f"knowledge:{change.version}", None, ref=change.ref):
            newest[change.ref] = change
    if not newest:
        return 0
    told = subscribers(session, TOPIC)
    return sum(_tell(session, change, told) for change in newest.values())


def subscribers(session: Session, topic: str) -> list[str]:
    """Customers who chose a topic, by the conversation in which each speaks now."""
    chosen = session.scalars(select(Choice.identity).where(Choice.topic == topic, Choice.wanted)).all()
    found = customers.conversations_of(session, chosen)
    return sorted(set(found.values()))


def _tell(session: Session, change: PolicyChange, told: list[str]) -> int:
    policy = f"policy:{hashlib.sha256(change.ref.encode()).hexdigest()[:32]}:"
    waiting = update(Notification).where(
        Notification.key.startswith(policy),
        Notification.state.in_(("queued", "failed")),
        Notification.unsure.is_(False),
    )
    outdated = waiting.values(state="suppressed", reason="superseded")
    session.execute(outdated.execution_options(synchronize_session=False))
    news = _news(change, f"{policy}{change.version}")
    return sum(outbox.enqueue(session, customer, news) for customer in told)


def _news(change: PolicyChange, key: str) -> News:
    name, answer = change.content["name"], change.content["answer"]
    names = by_language({"zh": name, "en": change.content.get("english") or name})
    # Who wrote no English gives English speakers the policy itself, which is Chinese.
    summary = by_language({language: change.news.get(language) or answer for language in ("zh", "en")})
    facts = {language: {"name": names[language], "summary": summary[language]} for language in LANGUAGES}
    about = {
        "topic": TOPIC, "ref": change.ref, "name": names, "summary": summary,
        "applies_to": change.content.get("applies_to", []), "at": utcnow().isoformat(),
    }  # fmt: skip
    return News(key, TOPIC, "utter_push_policy", facts, about)
