"""News that customers want or no longer want, and questions about news just pushed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import line_name
from actions.conversation import Turn, TurnAction
from actions.marks import listed
from kefu.db import session_scope, utcnow
from kefu.knowledge.service import catalog
from kefu.notifications import subscriptions
from kefu.notifications.rules import WRITTEN, rules

#: So long after a push, what is said may be a reply to it.
_REPLIES = timedelta(hours=48)
#: How a question about news is understood.
_ASKING = frozenset({"ask_policy", "ask_product_info", "nlu_fallback"})


class ActionSubscribeUpdates(TurnAction):
    """Subscribes to topics."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_subscribe_updates"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Takes the topics named; asks which where none are, except within a form."""
        wanted, own = _named(turn)
        if not wanted and own:
            say.utter_message(response="utter_updates_always_on", topics=_names(own, turn.language))
            return []
        if not wanted and not turn.form:
            say.utter_message(response="utter_which_updates", options=_buttons(turn.language))
            return []
        wanted = wanted or rules().choosable
        with session_scope() as session:
            subscriptions.choose(session, turn.customer, wanted, True)
        say.utter_message(response="utter_subscribed", topics=_names(wanted, turn.language))
        return []


class ActionUnsubscribeUpdates(TurnAction):
    """Ends subscriptions."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_unsubscribe_updates"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Ends the topics named, else that of the push it replies to, else all that can be ended."""
        unwanted, own = _named(turn)
        notice = _notice(turn) or {}
        if not unwanted and own:
            say.utter_message(response="utter_updates_always_on", topics=_names(own, turn.language))
            return []
        pushed = [notice["topic"]] if notice.get("topic") in rules().choosable else []
        with session_scope() as session:
            ended = subscriptions.choose(
                session, turn.customer, unwanted or pushed or rules().choosable, False, notice.get("campaign")
            )
        if ended:
            say.utter_message(response="utter_unsubscribed", topics=_names(ended, turn.language))
        else:
            say.utter_message(response="utter_nothing_subscribed")
        # The next 退订 means what is left.
        return [SlotSet("notice", None)]


def answer_about_notice(turn: Turn, say: CollectingDispatcher) -> list[EventType] | None:
    """Answers what is asked about the news pushed last; ``None`` where a message is about something else."""
    notice = _notice(turn)
    if not notice or not notice.get("summary") or notice.get("left") or turn.intent not in _ASKING:
        return None
    if not rules().points(turn.text) or turn.values("policy_topic") or turn.mentions.symptoms:
        return None
    said = ((part, notice[part]) for part in ("name", "summary"))
    facts = {part: texts.get(turn.language) or texts[WRITTEN[0]] for part, texts in said}
    lines, line = notice.get("lines") or [], turn.line
    if notice["topic"] != "policies" or not line:
        say.utter_message(response="utter_notice_details", **facts)
    elif not lines:
        say.utter_message(response="utter_notice_everyone", **facts)
    else:
        graph = catalog().graph
        known = [graph.get(f"product_line:{name}") for name in lines]
        shown = listed([line_name(one, turn.language) for one in known if one], turn.language)
        about = turn.product or line_name(graph.facts[f"product_line:{line}"], turn.language)
        response = "utter_notice_applies" if line in lines else "utter_notice_not_applies"
        say.utter_message(response=response, about=about, lines=shown, **facts)
    events = [SlotSet("answer", notice["ref"])] if notice.get("ref") else []
    return [*events, SlotSet("fault", None)]


def leave_notice(turn: Turn) -> list[EventType]:
    """After something else was asked, 这个 is no longer the news; 退订 still ends its topic."""
    notice = _notice(turn)
    return [SlotSet("notice", {**notice, "left": True})] if notice and not notice.get("left") else []


def _notice(turn: Turn) -> dict[str, Any] | None:
    """What was pushed last (see ``kefu.notifications.outbox``), while it can be replied to."""
    notice = turn.slots.get("notice")
    if not notice or utcnow() - datetime.fromisoformat(notice["at"]) > _REPLIES:
        return None
    return notice


def _named(turn: Turn) -> tuple[list[str], list[str]]:
    """The topics that a message names: those that can be chosen, and those that always come."""
    book = rules()
    pressed = [name for name in turn.values("update_topic") if name in book.topics]
    named = pressed or book.named_in(turn.text)
    return [name for name in named if name in book.choosable], [n for n in named if n not in book.choosable]


def _names(topics: list[str], language: str) -> str:
    return listed([rules().topics[name].name.get(language) for name in topics], language)


def _buttons(language: str) -> list[dict[str, str]]:
    return [
        {
            "title": rules().topics[name].name.get(language),
            "payload": f'/subscribe_updates{{"update_topic": "{name}"}}',
        }
        for name in rules().choosable
    ]
