"""A shortened conversation goes on exactly as the whole one would, whatever happened in it."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    AllSlotsReset,
    BotUttered,
    ConversationPaused,
    ConversationResumed,
    Event,
    FollowupAction,
    LoopInterrupted,
    ReminderScheduled,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from kefu.stores.window import LiveTracker, condensed, shorten, slim

DOMAIN = Domain.from_yaml("""
intents: [greet, ask_how_to, open_ticket, inform]
entities: [product]
slots:
  product: {type: text, mappings: [{type: custom}]}
  phone: {type: text, mappings: [{type: custom}]}
  mood: {type: categorical, initial_value: calm, values: [calm, angry], mappings: [{type: custom}]}
  count: {type: float, mappings: [{type: custom}], influence_conversation: false}
  requested_slot: {type: text, mappings: [{type: custom}]}
forms: {ticket_form: {required_slots: [phone]}, visit_form: {required_slots: [product]}}
responses: {utter_hello: [{text: hello}], utter_how: [{text: so}]}
actions: [action_answer]
""")
LISTEN = "action_listen"


class Customer:
    """Says and does at random what conversations hold; remembers every event."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.form: str | None = None
        self.turns = 0

    def turn(self) -> list[Event]:
        self.turns += 1
        odd = self.dice.random()
        if self.form:
            kind = self._digression if odd < 0.25 else self._form_ends if odd < 0.4 else self._form_answer
        elif odd < 0.2:
            kind = self._form_begins
        elif odd < 0.3:
            kind = self._reverted
        else:
            kind = self._plain
        return kind()

    def _said(self, intent: str) -> UserUttered:
        entities = [{"entity": "product", "value": "L3"}] if self.dice.random() < 0.5 else []
        return UserUttered(f"{intent} {self.turns}", {"name": intent}, entities, input_channel="web")

    def _slot(self) -> list[Event]:
        name = self.dice.choice(["product", "phone", "mood", "count"])
        values = {"mood": ["calm", "angry"], "count": [1.0, 2.0]}.get(name, ["L3", "V5", None])
        if self.dice.random() < 0.05:
            return [AllSlotsReset()]
        return [SlotSet(name, self.dice.choice(values))] if self.dice.random() < 0.5 else []

    def _plain(self) -> list[Event]:
        answer = self.dice.choice(["utter_hello", "action_answer"])
        events = [
            self._said("ask_how_to"),
            *self._slot(),
            ActionExecuted(answer),
            *self._slot(),
            BotUttered("so"),
        ]
        odd = self.dice.random()
        if odd < 0.05:
            events += [ConversationPaused()]
        elif odd < 0.1:
            events += [ConversationResumed()]
        elif odd < 0.15:
            events += [
                ReminderScheduled(
                    "inform", datetime.now(timezone.utc) + timedelta(hours=2), name=f"r{self.turns}"
                )
            ]
        elif odd < 0.2:
            events += [FollowupAction("utter_how"), ActionExecuted("utter_how")]
        return [*events, ActionExecuted(LISTEN)]

    def _form_begins(self) -> list[Event]:
        self.form = self.dice.choice(["ticket_form", "visit_form"])
        return [
            self._said("open_ticket"), ActionExecuted(self.form), ActiveLoop(self.form),
            SlotSet("requested_slot", "phone"), BotUttered("phone?"), ActionExecuted(LISTEN),
        ]  # fmt: skip

    def _form_answer(self) -> list[Event]:
        return [
            self._said("inform"), ActionExecuted(self.form), SlotSet("phone", str(self.turns)),
            SlotSet("requested_slot", "phone"), BotUttered("and?"), ActionExecuted(LISTEN),
        ]  # fmt: skip

    def _digression(self) -> list[Event]:
        again = [ActionExecuted(self.form), BotUttered("phone?")] if self.dice.random() < 0.7 else []
        return [
            self._said("ask_how_to"), ActionExecutionRejected(self.form), ActionExecuted("action_answer"),
            BotUttered("so"), *([LoopInterrupted(True)] if again else []), *again, ActionExecuted(LISTEN),
        ]  # fmt: skip

    def _form_ends(self) -> list[Event]:
        form, self.form = self.form, None
        return [
            self._said("inform"), ActionExecuted(form), SlotSet("phone", None), ActiveLoop(None),
            SlotSet("requested_slot", None), ActionExecuted("utter_how"), ActionExecuted(LISTEN),
        ]  # fmt: skip

    def _reverted(self) -> list[Event]:
        return [self._said("greet"), *self._slot(), UserUtteranceReverted(), ActionExecuted(LISTEN)]


def state(tracker: DialogueStateTracker) -> dict:
    """What Rasa decides by."""
    return {
        "slots": {name: (slot.value, slot.has_been_set) for name, slot in tracker.slots.items()},
        "loop": tracker.active_loop and (
            tracker.active_loop.name, tracker.active_loop.is_interrupted, tracker.active_loop.rejected,
            (tracker.active_loop.trigger_message or {}).get("text"),
        ),
        "latest_action": tracker.latest_action,
        "latest_message": tracker.latest_message.text,
        "followup": tracker.followup_action,
        "paused": tracker.is_paused(),
        "channel": tracker.get_latest_input_channel(),
        "states": DOMAIN.states_for_tracker_history(tracker)[-8:],
        "applied": tracker.applied_events()[-16:],
        "reminders": {e.name for e in tracker.applied_events() if isinstance(e, ReminderScheduled)},
    }  # fmt: skip


def follow(tracker: LiveTracker, events: list[Event]) -> LiveTracker:
    """What the store does at the end of a turn."""
    first = tracker.last_id + 1
    tracker.follow(enumerate(events, first))
    return shorten(tracker, DOMAIN.slots) or tracker


@pytest.mark.parametrize("seed", range(12))
def test_the_state_is_that_of_the_whole_conversation_after_every_turn(seed):
    customer, everything, cuts = Customer(seed), [SessionStarted(), ActionExecuted(LISTEN)], 0
    live = follow(LiveTracker("a", DOMAIN.slots), list(everything))
    whole = DialogueStateTracker.from_events("a", list(everything), DOMAIN.slots)
    for _ in range(70):
        events = customer.turn()
        for event in events:
            whole.update(event)
        before = live
        live = follow(live, events)
        cuts += live is not before
        assert state(live) == state(whole)
        assert state(live.copy()) == state(whole.copy())
    assert cuts > 0


class Insistent(Customer):
    """Stays in one form, whatever happens there."""

    def turn(self) -> list[Event]:
        self.turns += 1
        if not self.form:
            return self._plain() if self.turns < 5 else self._form_begins()
        # Long stretches in which the form alone answers, and some in which much happens.
        calm = self.turns % 100 < 70
        kinds = [self._form_answer, self._invalid, self._digression, self._reverted]
        return self.dice.choices(kinds, [10, 5, 0, 0] if calm else [4, 2, 2, 2])[0]()

    def _invalid(self) -> list[Event]:
        return [
            self._said("inform"), SlotSet("phone", "12"), ActionExecuted(self.form), SlotSet("phone", None),
            SlotSet("requested_slot", "phone"), BotUttered("no, the phone?"), ActionExecuted(LISTEN),
        ]  # fmt: skip


# Rasa's own state of the whole conversation takes ever longer: it is asked for now and then.
@pytest.mark.parametrize(("seed", "turns", "every"), [(0, 120, 7), (1, 120, 7), (2, 160, 11), (3, 500, 220)])
def test_a_form_that_lasts_has_a_bounded_window_and_the_state_of_the_whole_conversation(seed, turns, every):
    customer, live = Insistent(seed), LiveTracker("a", DOMAIN.slots)
    events: list[Event] = []
    longest = 0

    def go_on(said: list[Event], compared: bool) -> None:
        nonlocal live
        events.extend(said)
        live = follow(live, said)
        if compared:
            assert state(live) == state(DialogueStateTracker.from_events("a", list(events), DOMAIN.slots))

    for turn in range(turns):
        go_on(customer.turn(), turn % every == every - 1)
        longest = max(longest, len(live.events))
    assert longest < 250 and live.active_loop_name == customer.form
    go_on(customer._form_ends(), True)
    for turn in range(9):
        go_on(customer._plain(), turn == 8)


def test_a_window_is_bounded_however_long_the_conversation():
    customer, live = Customer(1), LiveTracker("a", DOMAIN.slots)
    longest = 0
    for _ in range(600):
        live = follow(live, customer.turn())
        longest = max(longest, len(live.events))
    assert longest < 250  # forms hide actions, so windows with forms are longer


def test_a_new_session_is_the_beginning_of_the_window():
    live = LiveTracker("a", DOMAIN.slots)
    live = follow(live, [UserUttered("hi"), SlotSet("product", "L3"), ActionExecuted(LISTEN)])
    live = follow(live, [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted(LISTEN)])
    assert [event.type_name for event in live.events] == ["session_started", "action"]
    assert live.get_slot("product") is None and live.ids == [5, 6]


def test_a_copy_is_changed_without_changing_the_original():
    live = LiveTracker.opened(
        "a", DOMAIN.slots, (), [(1, ActionExecuted("ticket_form")), (2, ActiveLoop("ticket_form"))]
    )
    duplicate = live.copy()
    duplicate.update_with_events([SlotSet("product", "L3"), LoopInterrupted(True), UserUttered("hi")], DOMAIN)
    assert live.get_slot("product") is None and not live.is_active_loop_interrupted
    assert len(live.events) == 2 and live.is_stored and len(live.applied_events()) == 2
    assert duplicate.get_slot("product") == "L3" and duplicate.is_active_loop_interrupted


def test_reminders_of_the_past_are_not_carried_along():
    past, soon = (datetime.now(timezone.utc) + timedelta(hours=hours) for hours in (-5, 1))
    events = [ReminderScheduled("inform", past, name="past"), ReminderScheduled("inform", soon, name="soon")]
    assert [event.name for event in condensed("a", events, DOMAIN.slots)] == ["soon"]


def test_of_a_stored_message_the_first_three_intents_and_the_mood_are_kept():
    ranking = [{"name": f"i{n}", "confidence": 0.1} for n in range(60)]
    parsed = {"intent": ranking[0], "entities": [], "intent_ranking": ranking, "text_tokens": [(0, 2)]}
    parsed["mood"] = {"name": "angry", "confidence": 0.9}
    data = slim(UserUttered("hi", ranking[0], [], parsed)).as_dict()["parse_data"]
    assert [intent["name"] for intent in data["intent_ranking"]] == ["i0", "i1", "i2"]
    assert "text_tokens" not in data
    assert data["mood"] == {"name": "angry", "confidence": 0.9}
