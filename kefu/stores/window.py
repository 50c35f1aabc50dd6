"""The part of a conversation that is worked with: its last turns, and the state before them.

Rasa's cost per turn grows with the events of a tracker: it is copied for each action, replayed for each
policy. A live tracker therefore keeps the last turns only. What came before is condensed to the few
events that give the same state: slots, open form, last message, last action. Everything in Rasa that
replays events (copies, forms, policies, reverted messages) then comes to the same result as on the whole
conversation, by Rasa's own code.
"""

from __future__ import annotations

import copy
import dataclasses
import time
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import State
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    ConversationPaused,
    Event,
    FollowupAction,
    LoopInterrupted,
    ReminderScheduled,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker

#: A window is cut when it holds more messages than this ...
LONGEST = 10
#: ... and then keeps at least so many, and so many actions as Rasa counts them: an open form hides most of
#: its own. Memorised stories look five actions back, rules as far as they are long.
SHORTEST = 5
FEWEST_ACTIONS = 12
#: So many messages are kept before the window, without what was done about them: their language is looked at.
#: While a form alone answers, the window holds up to twice as many.
TEXTS = 10
#: A reminder may wait for its conversation's turn that long and still be known, in seconds.
_REMINDER_GRACE = 3600
#: What Rasa keeps of the other intents is for people who look; two-stage fallback offers the first two.
_RANKED = 3


class LiveTracker(DialogueStateTracker):
    """A tracker that knows which of its events are stored.

    Attributes:
        prefix: How many events at its beginning stand for what came before; they are no stored events.
        ids: Rows of the stored events after the prefix, in order. Events after those are new.
        last_id: The conversation's last row that is known.
        made_of: The slots of the domain that it was made with.
    """

    def __init__(self, sender_id: str, slots: Iterable[Slot] | None, *args, **kwargs) -> None:
        super().__init__(sender_id, slots, *args, **kwargs)
        self.prefix = 0
        self.ids: list[int] = []
        self.last_id = 0
        self.made_of = slots
        self._applied: tuple[int, list[Event]] = (-1, [])
        self._states: tuple[int, dict[tuple, tuple]] = (-1, {})

    @classmethod
    def opened(
        cls,
        sender_id: str,
        slots: Iterable[Slot],
        before: Sequence[Event] = (),
        rows: Iterable[tuple[int, Event]] = (),
    ) -> LiveTracker:
        """A tracker of ``rows``, with the state that the events ``before`` give."""
        tracker = cls(sender_id, slots)
        for event in before:
            tracker.update(event)
        tracker.prefix = len(before)
        tracker.follow(rows)
        return tracker

    @property
    def is_stored(self) -> bool:
        """Whether it holds nothing new."""
        return len(self.events) == self.prefix + len(self.ids)

    @property
    def unstored(self) -> list[Event]:
        """Its new events."""
        return list(self.events)[self.prefix + len(self.ids) :]

    def follow(self, rows: Iterable[tuple[int, Event]]) -> None:
        """Takes over events that are stored already."""
        for row, event in rows:
            self.update(event)
            self.ids.append(row)
            self.last_id = row

    def applied_events(self) -> list[Event]:
        """The events that count (see parent class), reckoned once for as many as there are."""
        if self._applied[0] != len(self.events):
            self._applied = (len(self.events), super().applied_events())
        return list(self._applied[1])

    def past_states(self, *args: Any, **kwargs: Any) -> list[State]:
        """The states before each action (see parent class), reckoned once for all who ask."""
        if self._states[0] != len(self.events):
            self._states = (len(self.events), {})
        asked = (*map(id, args), *((key, id(value)) for key, value in kwargs.items()))
        if asked not in self._states[1]:
            # What was asked with is kept, so that nothing else can get its id.
            self._states[1][asked] = super().past_states(*args, **kwargs), args, kwargs
        # Whoever gets states may change them.
        return [{part: dict(value) for part, value in state.items()} for state in self._states[1][asked][0]]

    def copy(self) -> DialogueStateTracker:
        """A duplicate with the same state, taken over instead of replayed."""
        duplicate = copy.copy(self)
        duplicate.events, duplicate.ids = self.events.copy(), self.ids.copy()
        duplicate.slots = {name: copy.copy(slot) for name, slot in self.slots.items()}
        duplicate.active_loop = self.active_loop and dataclasses.replace(self.active_loop)
        duplicate._states = (-1, {})
        # As of a replayed one: whatever is done to a copy is no event of a model.
        duplicate.model_id = duplicate.assistant_id = None
        return duplicate


def shorten(tracker: LiveTracker, slots: Iterable[Slot]) -> LiveTracker | None:
    """Gives the tracker with a shorter window, if it has grown too long or a new session began.

    The tracker itself stays as it is: whoever saved it may go on with it.
    """
    events = list(tracker.events)
    session = _last_session(events)
    if session > tracker.prefix:
        return _cut(tracker, session, [], slots)
    if _messages(events[tracker.prefix :]) <= LONGEST:
        return None
    place = _place(events, tracker)
    # Not for one message at each turn: a cut costs as much as some turns.
    if _messages(events[tracker.prefix : place]) >= LONGEST - SHORTEST:
        return _cut(tracker, place, condensed(tracker.sender_id, events[:place], slots), slots)
    if _messages(events[tracker.prefix :]) <= 2 * TEXTS:
        return None
    within = _place_within(events, tracker)
    if within is None:
        return None
    return _cut(tracker, within, _outline(tracker.sender_id, events, place, within, slots), slots)


def condensed(sender_id: str, events: Sequence[Event], slots: Iterable[Slot]) -> list[Event]:
    """The fewest events that leave a tracker as ``events`` do."""
    full = DialogueStateTracker.from_events(sender_id, list(events), slots)
    state: list[Event] = [event for event in full.applied_events() if _is_pending(event)]
    present = list(takewhile(lambda event: not isinstance(event, Restarted), reversed(events)))[::-1]
    messages = (event for event in present if isinstance(event, UserUttered) and event.text)
    state += [event for event in deque(messages, TEXTS) if event is not full.latest_message]
    loop = full.active_loop
    if loop is not None:
        state += [_message(loop.trigger_message), ActiveLoop(loop.name)]
    if full.latest_message is not None and full.latest_message != UserUttered.empty():
        state.append(full.latest_message)
    if full.latest_action:
        name, text = full.latest_action.get("action_name"), full.latest_action.get("action_text")
        state.append(ActionExecuted(name, action_text=text))
    if loop is not None and loop.is_interrupted:
        state.append(LoopInterrupted(True))
    if loop is not None and loop.rejected:
        state.append(ActionExecutionRejected(loop.name))
    if full.latest_bot_utterance is not None and full.latest_bot_utterance != BotUttered.empty():
        state.append(full.latest_bot_utterance)
    state += [SlotSet(name, slot.value) for name, slot in full.slots.items() if slot.has_been_set]
    if full.is_paused():
        state.append(ConversationPaused())
    if full.followup_action and full.latest_action:
        state.append(FollowupAction(full.followup_action))
    for event in state:
        # Not the present: whoever asks when something was said last must not find it here.
        event.timestamp = min(event.timestamp, events[-1].timestamp)
    return state


def slim(event: Event) -> Event:
    """Drops from a message what nothing reads after understanding: most of the ranking, and the tokens."""
    if isinstance(event, UserUttered):
        ranking = event.parse_data.get("intent_ranking")
        if ranking and len(ranking) > _RANKED:
            event.parse_data["intent_ranking"] = ranking[:_RANKED]
        event.parse_data.pop("text_tokens", None)
    return event


def _cut(tracker: LiveTracker, place: int, before: list[Event], slots: Iterable[Slot]) -> LiveTracker:
    first = place - tracker.prefix
    stored = list(tracker.events)[place : tracker.prefix + len(tracker.ids)]
    rows = zip(tracker.ids[first:], stored, strict=True)
    shorter = LiveTracker.opened(tracker.sender_id, slots, before, rows)
    shorter.last_id = tracker.last_id
    return shorter


def _messages(events: Iterable[Event]) -> int:
    return sum(isinstance(event, UserUttered) for event in events)


def _last_session(events: Sequence[Event]) -> int:
    places = (i for i in reversed(range(len(events))) if isinstance(events[i], SessionStarted))
    return next(places, -1)


def _place(events: Sequence[Event], tracker: LiveTracker) -> int:
    """Where to cut: the latest end of a turn, still in force, with enough turns after it; 0 if there is none.

    An action in force was undone by nothing after it, so whatever is undone later stays within the window;
    the events after it come out the same as with all that came before.
    """
    in_force = {id(event) for event in tracker.applied_events()}
    messages = actions = 0
    for place in range(len(events) - 1, 0, -1):
        event = events[place]
        messages += isinstance(event, UserUttered)
        if isinstance(event, ActionExecuted) and id(event) in in_force:
            actions += 1
            enough = messages >= SHORTEST and actions >= FEWEST_ACTIONS
            if enough and event.action_name == ACTION_LISTEN_NAME:
                return place
    return 0


def _place_within(events: Sequence[Event], tracker: LiveTracker) -> int | None:
    """The latest end of a turn with as many messages after it as actions are told, in force or not."""
    messages = 0
    for place in range(len(events) - 1, tracker.prefix, -1):
        event = events[place]
        messages += isinstance(event, UserUttered)
        is_end = isinstance(event, ActionExecuted) and event.action_name == ACTION_LISTEN_NAME
        if is_end and messages >= TEXTS:
            return place
    return None


def _outline(
    sender_id: str, events: Sequence[Event], place: int, within: int, slots: Iterable[Slot]
) -> list[Event]:
    """What stands for ``events[:within]`` where a form alone has answered since ``place``.

    A form hides the messages that it took and what it did about them, so the actions that policies look back
    at lie before all of them and have to stay. Of what remains in force after ``place``, each step keeps its
    last bubble and the last value of each slot.
    """
    applied = DialogueStateTracker.from_events(sender_id, events[:within], slots).applied_events()
    first = next((i for i, event in enumerate(applied) if event is events[place]), 0)
    outline: list[Event] = []
    replaced: set[str | None] = set()
    for event in reversed(applied[first:]):
        if isinstance(event, (ActionExecuted, UserUttered)):
            replaced.clear()
        elif isinstance(event, (BotUttered, SlotSet)):
            key = event.key if isinstance(event, SlotSet) else None
            if key in replaced:
                continue
            replaced.add(key)
        outline.append(event)
    return (condensed(sender_id, events[:place], slots) if place else []) + outline[::-1]


def _is_pending(event: Event) -> bool:
    if not isinstance(event, ReminderScheduled):
        return False
    return event.trigger_date_time.timestamp() > time.time() - _REMINDER_GRACE


def _message(parsed: dict | None) -> UserUttered:
    parsed = parsed or {}
    return UserUttered(parsed.get("text"), parsed.get("intent"), parsed.get("entities"), dict(parsed))
