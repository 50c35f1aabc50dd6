"""Linking the accounts of one customer, and undoing it: how it begins and how it ends."""

from __future__ import annotations

from collections.abc import Iterable

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.asking import look_up_wish
from actions.conversation import Turn, TurnAction, back_from_linking
from actions.marks import listed
from kefu.config import settings
from kefu.customers import proofs, senders, service
from kefu.customers.answers import gives_up, link_code_in, wants_link_code
from kefu.customers.codes import LINK_MINUTES, PHONE_MINUTES
from kefu.customers.phones import phone_in, tail
from kefu.customers.service import Sender
from kefu.db import session_scope
from kefu.knowledge.categories import rules
from kefu.tickets.answers import calls_off, declines

#: Values of the slot `link_code`: whether the proof brought two accounts together.
LINKED, KEPT = "linked", "kept"
#: What tells that more than the linking was talked about.
_MATTERS = ("product", "question", "answer", "fault", "ticket_number", "ticket_problem", "ticket_offer")


def known(turn: Turn) -> Sender:
    """Who speaks, as the channels know them."""
    return Sender(turn.customer, turn.channel)


def is_idle(turn: Turn) -> bool:
    """Whether nothing but the linking was talked about, so that another conversation may go on instead."""
    return not any(turn.slots.get(slot) for slot in _MATTERS)


def send_code(turn: Turn, say: CollectingDispatcher, phone: str, again: bool = False) -> str:
    """Sends a code to a phone and says so, or why not.

    Returns:
        ``sent``: a code is on its way. ``wait``: not yet, but soon. ``refused``: not now.

    Raises:
        InvalidPhone: Nothing can be sent there.
    """
    sender = senders.code_sender()
    if sender is None:
        say.utter_message(response="utter_link_no_phones")
        return "refused"
    with session_scope() as session:
        service.arrive(session, known(turn))
        try:
            phone, code = proofs.start_phone_proof(session, turn.customer, phone)
        except proofs.TooManyCodes:
            say.utter_message(response="utter_link_too_many_codes")
            return "refused"
        except proofs.TooSoon as error:
            if error.pending and not again:  # the same message, handled again
                return _say_sent(say, phone, "utter_link_code_sent")
            say.utter_message(response="utter_link_wait", seconds=error.seconds)
            return "wait"
    try:
        sender.send(phone, code, PHONE_MINUTES, turn.language)
    except senders.NotSent as error:
        with session_scope() as session:
            proofs.withdraw_phone_proof(session, turn.customer, phone, str(error))
        say.utter_message(response="utter_link_not_sent")
        return "refused"
    return _say_sent(say, phone, "utter_link_code_sent_again" if again else "utter_link_code_sent")


def _say_sent(say: CollectingDispatcher, phone: str, response: str) -> str:
    say.utter_message(response=response, tail=tail(phone), minutes=PHONE_MINUTES)
    return "sent"


def redeem(turn: Turn, say: CollectingDispatcher, code: str) -> bool:
    """Links with whom a code was shown to elsewhere, and says so; returns whether it was good."""
    with session_scope() as session:
        service.arrive(session, known(turn))
        conversation = proofs.redeem_link_code(session, turn.customer, code, is_idle(turn))
    if conversation:
        say_linked(turn, say)
    return bool(conversation)


def say_linked(turn: Turn, say: CollectingDispatcher) -> None:
    """Says which channels go on together, and from where."""
    with session_scope() as session:
        conversation = service.conversation_of(session, turn.customer)
        channels = service.linked_channels(session, turn.customer)
        elsewhere = service.channel_of(session, conversation)
    facts = {
        "channels": named_channels(channels, turn.language),
        "channel": named_channels([elsewhere], turn.language),
    }
    here = conversation == turn.conversation
    say.utter_message(response="utter_linked_here" if here else "utter_linked_there", **facts)


def named_channels(channels: Iterable[str], language: str) -> str:
    """Channels as customers call them."""
    labels = rules().labels.channels
    return listed((labels[c].get(language) if c in labels else c for c in channels), language)


class ActionBeginLink(TurnAction):
    """Takes the wish to be known as one customer: a code to show, a code to take, or a phone to prove."""

    of_form = True

    def name(self) -> str:
        """Name in the domain."""
        return "action_begin_link"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Does what can be done at once; else the form goes on (slot `link_with`)."""
        code = link_code_in(turn.text)
        if code:
            if not redeem(turn, say, code):
                say.utter_message(response="utter_link_code_bad")
            return _begun(turn, None)
        if wants_link_code(turn.text):
            issue(turn, say)
            return _begun(turn, None)
        phone = phone_in(turn.text)
        told, is_all = (None, False) if phone else look_up_wish(turn, say)
        if is_all and told is not None:  # 换了号码还能登录吗: how it is done, and not at once
            return [*_begun(turn, None), *told]
        with session_scope() as session:
            proved = proofs.phone_of(session, turn.customer)
        if phone and phone != proved:
            state = send_code(turn, say, phone)
            sent = [SlotSet("link_phone", phone)] if state == "sent" else []
            return _begun(turn, None if state == "refused" else "phone", *sent)
        if senders.code_sender() is None:
            say.utter_message(response="utter_link_no_phones")
            return _begun(turn, None)
        if proved:
            say.utter_message(response="utter_link_phone_known", tail=tail(proved))
        else:
            say.utter_message(response="utter_ask_link_phone")
        return _begun(turn, "phone")


def issue(turn: Turn, say: CollectingDispatcher) -> None:
    """Shows a code that links whoever gives it on another channel."""
    with session_scope() as session:
        service.arrive(session, known(turn))
        code = proofs.issue_link_code(session, turn.customer)
    say.utter_message(response="utter_link_code_issued", code=code, minutes=LINK_MINUTES)
    if settings().wechat and turn.channel != "wechat":
        say.utter_message(response="utter_link_qr", qr=f"/wechat/qr/{code}")


def _begun(turn: Turn, link_with: str | None, *told: EventType) -> list[EventType]:
    forgotten = [SlotSet(slot, None) for slot in ("link_phone", "link_code", "awaiting")]
    aside = [SlotSet("suspended_form", turn.form), SlotSet("requested_slot", None)] if link_with else []
    return [*forgotten, *aside, SlotSet("link_with", link_with), *told]


class ActionEndLink(TurnAction):
    """Ends the linking: says what came of it; a form that was put aside goes on."""

    of_form = True

    def name(self) -> str:
        """Name in the domain."""
        return "action_end_link"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Says it unless it was said, and goes back to the form unless another conversation goes on."""
        outcome = turn.slots.get("link_code")
        if outcome == LINKED and not turn.answered:
            say_linked(turn, say)
        elif outcome == KEPT:
            say.utter_message(response="utter_phone_kept", tail=tail(turn.slots["link_phone"]))
        elif not turn.answered:
            say.utter_message(response="utter_link_stopped")
        with session_scope() as session:
            here = service.conversation_of(session, turn.customer) == turn.conversation
        return back_from_linking(say, turn.slots.get("suspended_form") if here else None)


class ActionBeginUnlink(TurnAction):
    """Asks whether a link is really to be undone."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_begin_unlink"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Names what would part, if anything is linked."""
        with session_scope() as session:
            channels = service.linked_channels(session, turn.customer)
        if not channels:
            say.utter_message(response="utter_not_linked")
            return []
        say.utter_message(response="utter_unlink_confirm", channels=named_channels(channels, turn.language))
        return [SlotSet("awaiting", "unlink")]


class ActionUnlink(TurnAction):
    """Undoes the link of the identity that speaks."""

    def name(self) -> str:
        """Name in the domain."""
        return "action_unlink"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Takes this identity out; the ledger parts the conversations when the turn is over."""
        if declines(turn.text) or calls_off(turn.text) or gives_up(turn.text):
            say.utter_message(response="utter_ok")
            return []
        with session_scope() as session:
            service.arrive(session, known(turn))
            service.unlink(session, turn.customer)
        say.utter_message(response="utter_unlinked")
        return []
