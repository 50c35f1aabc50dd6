"""Calls of custom actions that cost little: kept connections, small bodies, a schema read once.

Rasa opens a connection for each call, sends the whole domain and every event with the ranking of all
intents, and tries each event of the response as each of 23 kinds: 19 ms a call. Answers,
errors and rejections are Rasa's own code.
"""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import aiohttp
import jsonschema.validators
from rasa.core.actions import action, forms
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.constants import ACTION_VALIDATE_SLOT_MAPPINGS
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.shared.utils.schemas.events import EVENT_SCHEMA
from rasa.utils.endpoints import EndpointConfig

#: How many messages before the present one actions see (actions/conversation.py reads their language).
_EARLIER_MESSAGES = 10
#: What forms in rasa_sdk read of the domain.
_FORM_DOMAIN = ("forms", "slots")
_FORM_ACTIONS = ("validate_", ACTION_VALIDATE_SLOT_MAPPINGS)
_RANKED = 3
# Less than the action server keeps them (Sanic: 5 s): it never closes one that is just being used.
_KEEP_SECONDS = 3.0


def install() -> None:
    """Lets Rasa call actions this way. It offers no other place: it names its class in two modules."""
    action.RemoteAction = forms.RemoteAction = QuickRemoteAction


class QuickRemoteAction(RemoteAction):
    """A custom action on the action server (see parent class).

    Of the events it is sent those of the present turn, and before them what was said in the turn before, the
    last messages and the slots set.
    The domain goes to forms' validation, as much as these read, and whole to actions that domain.yml marks
    with ``send_domain: true``. With ``whole_tracker: true`` at the action endpoint all is sent as Rasa does.
    """

    def __init__(self, name: str, action_endpoint: EndpointConfig | None) -> None:
        super().__init__(name, action_endpoint and KeptEndpoint.of(action_endpoint))

    def _action_call_format(self, tracker: DialogueStateTracker, domain: Domain) -> dict[str, Any]:
        if self.action_endpoint is None or self.action_endpoint.kwargs.get("whole_tracker"):
            return super()._action_call_format(tracker, domain)
        state = tracker.current_state(EventVerbosity.NONE)
        state["events"] = told(tracker.events)
        state["latest_message"] = _slim(state["latest_message"])
        if state["active_loop"].get("trigger_message"):
            state["active_loop"]["trigger_message"] = _slim(state["active_loop"]["trigger_message"])
        call = {"next_action": self.name(), "sender_id": tracker.sender_id, "tracker": state}
        if self.name().startswith(_FORM_ACTIONS):
            whole = domain.as_dict()
            call["domain"] = {key: whole[key] for key in _FORM_DOMAIN if key in whole}
        elif domain.does_custom_action_explicitly_need_domain(self.name()):
            call["domain"] = domain.as_dict()
        return call | {"version": action.rasa.__version__}

    def _validate_action_result(self, result: dict[str, Any]) -> bool:
        return _is_valid(result) or super()._validate_action_result(result)  # which says what is wrong


class KeptEndpoint(EndpointConfig):
    """An HTTP endpoint whose connections are kept between requests."""

    @classmethod
    def of(cls, endpoint: EndpointConfig) -> KeptEndpoint:
        """The one that belongs to ``endpoint``, made at first need."""
        if isinstance(endpoint, cls):
            return endpoint
        kept = endpoint.__dict__.get("_kept")
        if kept is None:
            kept = endpoint._kept = cls()
            kept.__dict__.update((key, value) for key, value in vars(endpoint).items() if key != "_kept")
            kept._session = None
        return kept

    def session(self) -> _Open:
        """The kept session, as the context manager that Rasa expects: leaving it closes nothing."""
        loop = asyncio.get_running_loop()
        if self._session is None or self._session[0] is not loop or self._session[1].closed:
            made = super().session()
            connector = aiohttp.TCPConnector(keepalive_timeout=_KEEP_SECONDS, limit=0)
            session = aiohttp.ClientSession(
                headers=made.headers, auth=made.auth, timeout=made.timeout, connector=connector
            )
            made.detach()
            atexit.register(connector.close)
            self._session = (loop, session)
        return _Open(self._session[1])


class _Open:
    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def __aenter__(self) -> aiohttp.ClientSession:
        return self._session

    async def __aexit__(self, *error: Any) -> None:
        pass


def told(events: Iterable[Event]) -> list[dict[str, Any]]:
    """The events that actions see, oldest first."""
    chosen, messages, slots = [], 0, set()
    for event in reversed(events):
        if isinstance(event, UserUttered):
            messages += 1
            if messages <= _EARLIER_MESSAGES + 1:
                data = event.as_dict()
                chosen.append({**data, "parse_data": _slim(data["parse_data"])})
        elif isinstance(event, SlotSet):
            # What a slot held before this turn may be asked for, however long ago it was set.
            if messages <= _EARLIER_MESSAGES or event.key not in slots:
                chosen.append(event.as_dict())
            slots.add(event.key)
        elif messages == 0 or (messages == 1 and isinstance(event, BotUttered)):
            chosen.append(event.as_dict())
    return chosen[::-1]


def _slim(parsed: dict[str, Any] | None) -> dict[str, Any] | None:
    if not parsed:
        return parsed
    small = {key: value for key, value in parsed.items() if key != "text_tokens"}
    if "intent_ranking" in small:
        small["intent_ranking"] = small["intent_ranking"][:_RANKED]
    return small


def _is_valid(result: Any) -> bool:
    """Whether a response fits Rasa's schema.

    That schema tries each event as each of 23 kinds, 1 ms an event; here as the kind that it says it is.
    """
    if not isinstance(result, dict):
        return False
    events, responses = result.get("events", []), result.get("responses", [])
    if not isinstance(events, list) or not isinstance(responses, list):
        return False
    if not all(isinstance(response, dict) for response in responses):
        return False
    kinds = _kinds()
    for event in events:
        kind = event.get("event") if isinstance(event, dict) else None
        if not isinstance(kind, str) or kind not in kinds or not kinds[kind].is_valid(event):
            return False
    return True


@lru_cache(maxsize=1)
def _kinds() -> dict[str, Any]:
    """A validator for each kind of event."""
    common = {key: rule for key, rule in EVENT_SCHEMA.items() if key != "oneOf"}
    validator = jsonschema.validators.validator_for(EVENT_SCHEMA)
    return {
        kind["properties"]["event"]["const"]: validator({**common, "allOf": [kind]})
        for kind in EVENT_SCHEMA["oneOf"]
    }
