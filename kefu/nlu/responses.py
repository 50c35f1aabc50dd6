"""Chooses the language, the script and the length of every response."""

from __future__ import annotations

import random
from itertools import islice, takewhile
from typing import Any

from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.core.nlg.generator import ResponseVariationFilter
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from kefu.language.detect import conversation_language
from kefu.language.script import conversation_script, in_script

_EVENTS_LOOKED_AT = 200
#: Facts that stay as they are written when the words around them become traditional: people, and what the
#: customer wrote themselves.
_NAMES = ("agent", "holder", "asked", "problem")
#: What customers choose for all their channels, and conditions in domain.yml may ask for.
_CHOSEN = ("language", "style")


class LanguageAwareResponses(TemplatedNaturalLanguageGenerator):
    """Rasa's responses from domain.yml, with the slots ``language`` and ``style`` known to their conditions.

    A customer who chose no language is answered in the one they write, so designers only mark the
    English variants with a condition on ``language`` and leave the Chinese ones unmarked. Those are
    written in simplified characters; who writes traditional ones, or chose them, gets texts and titles in
    these.

    What was chosen within this very turn counts (its slot), then what the customer chose on whatever channel
    (``chosen`` in the message's metadata), then the conversation's slot.

    Where a fact ``n`` is a whole number, ``{n_s}`` is the plural's s: about {minutes} minute{minutes_s}.

    Actions pass buttons that come from facts as ``options`` (shown before the response's own buttons) or as
    ``options_after``; with ``plain`` a response is said without any.
    """

    def __init__(self, endpoint_config: EndpointConfig | None, domain: Domain) -> None:
        """Takes the responses of ``domain``; the endpoint has no options."""
        super().__init__(domain.responses)

    def _random_response_for(
        self, utter_action: str, output_channel: str, filled_slots: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Picks among the variants with the most conditions: the special one wins over the English one."""
        if utter_action not in self.responses:
            return None
        variants = ResponseVariationFilter(self.responses)
        fitting = variants.responses_for_utter_action(utter_action, output_channel, filled_slots)
        most = max((len(variant.get("condition") or ()) for variant in fitting), default=0)
        best = [variant for variant in fitting if len(variant.get("condition") or ()) == most]
        return random.choice(best) if best else None

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> dict[str, Any] | None:
        """Generates a response in the language of the conversation (see parent class)."""
        slots = tracker.current_slot_values()
        recent = islice(reversed(tracker.events), _EVENTS_LOOKED_AT)
        texts = [event.text or "" for event in recent if isinstance(event, UserUttered)]
        metadata = (tracker.latest_message.metadata if tracker.latest_message else None) or {}
        chosen = {**_chosen(tracker, slots, metadata), **(kwargs.pop("chosen", None) or {})}
        slots |= chosen
        slots["language"] = conversation_language(chosen["language"], texts, metadata.get("language"))
        before, after = kwargs.pop("options", None) or [], kwargs.pop("options_after", None) or []
        plain = kwargs.pop("plain", False)
        plurals = {
            f"{name}_s": "" if fact == 1 else "s" for name, fact in kwargs.items() if type(fact) is int
        }
        response = self.generate_from_slots(utter_action, slots, output_channel, **kwargs, **plurals)
        if response is not None and plain:
            response.pop("buttons", None)
        elif response is not None and (before or after):
            response["buttons"] = [*before, *response.get("buttons", ()), *after]
        if response is not None and slots["language"] == "zh":
            names = tuple(str(kwargs[name]) for name in _NAMES if kwargs.get(name))
            _rewrite(response, conversation_script(chosen["language"], texts), names)
        return response


def _chosen(
    tracker: DialogueStateTracker, slots: dict[str, Any], metadata: dict[str, Any]
) -> dict[str, str | None]:
    now = takewhile(lambda event: not isinstance(event, UserUttered), reversed(tracker.events))
    just = {event.key: event.value for event in now if isinstance(event, SlotSet)}
    kept = metadata.get("chosen") or {}
    return {name: just.get(name) or kept.get(name) or slots.get(name) for name in _CHOSEN}


def _rewrite(response: dict[str, Any], script: str, names: tuple[str, ...]) -> None:
    """Puts what is read into a script; payloads are for Rasa and stay."""
    if response.get("text"):
        response["text"] = in_script(response["text"], script, names)
    if response.get("buttons"):
        response["buttons"] = [
            {**button, "title": in_script(button.get("title") or "", script)}
            for button in response["buttons"]
        ]
