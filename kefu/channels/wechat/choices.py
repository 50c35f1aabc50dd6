"""Which button of the bot a customer means by a number or by a click in a message menu."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.channels.wechat.parse import Received
from kefu.channels.wechat.replies import Numbers, place_of
from kefu.conversations.ledger import Entry
from kefu.conversations.models import Message
from kefu.customers.service import conversation_of

Choice = tuple[int, int, dict]


def chosen(session: Session, identity: str, received: Received) -> Choice | None:
    """The button meant, as its bubble's number, its index and itself; ``None`` for other text.

    A click names the button; its title must agree, since bubbles of another conversation have the same
    numbers. A number means an option of the newest answer.
    """
    place, number = place_of(received.menu_id), _number(received.text)
    conversation = conversation_of(session, identity)
    if place:
        row = session.get(Message, (conversation, place[0]))
        buttons = (row.body.get("buttons") or []) if row is not None and row.identity == identity else []
        if place[1] < len(buttons) and buttons[place[1]]["title"] == received.text:
            return (*place, buttons[place[1]])
    if number is None:
        return None
    offered = _offered(session, identity, conversation)
    return offered[int(number[1]) - 1] if int(number[1]) <= len(offered) else None


def may_choose(received: Received) -> bool:
    """Whether a text may mean a button, to spare most of them the look-up."""
    return bool(place_of(received.menu_id) or _number(received.text))


def _number(text: str) -> re.Match | None:
    return re.fullmatch(r"[(]?([1-9][0-9]?)[.、)。]?", unicodedata.normalize("NFKC", text))


def numbers_of(session: Session, entries: list[Entry]) -> Numbers:
    """The numbers by which options among ``entries`` can be chosen: those of the newest answer."""
    if not any(entry.body.get("buttons") for entry in entries):
        return {}
    conversation, identity = entries[-1].conversation, entries[-1].identity
    offered = enumerate(_offered(session, identity, conversation), 1)
    return {(conversation, seq, index): number for number, (seq, index, _) in offered}


def _offered(session: Session, identity: str, conversation: str) -> list[Choice]:
    query = (
        select(Message)
        .where(
            Message.conversation_id == conversation,
            Message.identity == identity,
            Message.direction == "out",
        )
        .order_by(Message.seq.desc())
        .limit(30)
    )
    said = [row for row in session.execute(query).scalars() if not row.body.get("aside")]
    answer = [
        row for row in said if row is said[0] or row.reply_to is not None and row.reply_to == said[0].reply_to
    ]
    return [
        (row.seq, index, button)
        for row in reversed(answer)
        for index, button in enumerate(row.body.get("buttons") or [])
        if button.get("payload")
    ]
