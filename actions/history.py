"""What was said and felt before, out of the events of a conversation as Rasa sends them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, takewhile
from typing import Any

from kefu.handoff.patience import Felt

_Events = list[dict[str, Any]]


def response_of(bot: dict[str, Any]) -> str:
    """The name of the response that an event of the assistant says."""
    return (bot.get("metadata") or {}).get("utter_action") or ""


def texts(events: _Events) -> Iterator[str]:
    """What the customer wrote, the newest first."""
    return (event.get("text") or "" for event in reversed(events) if event.get("event") == "user")


def misses(before: _Events) -> int:
    """What the turn before this one counted, if it missed; ``before`` is newest first."""
    turn = takewhile(lambda event: event.get("event") != "user", before)
    return next((int(event["value"] or 0) for event in turn if event.get("name") == "misses"), 0)


def felt(message: dict[str, Any], before: Iterable[dict[str, Any]]) -> Iterator[Felt]:
    """The moods of a message and those before it, which are newest first; buttons have none."""
    earlier = (event.get("parse_data") or {} for event in before if event.get("event") == "user")
    for parsed in chain([message], earlier):
        if parsed.get("mood"):
            yield Felt(parsed["mood"]["name"], parsed["mood"]["confidence"])


def mood(message: dict[str, Any], before: dict[str, Any]) -> str:
    """The mood of a message and the one before it; buttons have none."""
    now, earlier = ((parsed.get("mood") or {}).get("name") or "neutral" for parsed in (message, before))
    return earlier if earlier == "angry" and now != "happy" else now
