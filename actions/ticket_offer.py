"""Tickets before their form: offered, declined, begun."""

from __future__ import annotations

import time

from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answering import deliver
from actions.asking import look_up_wish
from actions.conversation import Turn, TurnAction
from actions.danger import stay_safe, warn
from actions.offering import note_outcome, standing
from actions.relief import call_back_time, in_own_words, offer_ticket, together
from actions.ticket_details import names_other_line
from actions.tickets import ActionCheckTicket
from kefu.customers.service import level_of
from kefu.db import session_scope
from kefu.knowledge.categories import ticket_kind_of
from kefu.knowledge.service import catalog
from kefu.tickets import answers, service
from kefu.tickets.answers import phone_in
from kefu.tickets.telling import masked

#: A wish to cancel that is this short does not say what.
_CANCELLING, _BARE = ("cancel_order", "cancel_appointment"), 3
#: Wishes that, so shortly told, leave out what a colleague has to know.
_SAYS_LITTLE, _SHORT = frozenset({"request_human", "request_invoice", "book_appointment"}), 12
#: A request that names a product in so many characters also tells what is the matter with it.
_TELLING = 12
#: Questions about one's own order, which only people can look into; how it usually goes is told at once.
_STATES, _FITS = frozenset({"check_order", "check_refund", "track_delivery"}), 0.7
#: Kinds of tickets that a question about money on its way may be about.
_SAME = {"refund": ("refund", "return")}


class ActionOfferTicket(TurnAction):
    """Offers a ticket for a wish that needs people."""

    needs_people = True

    def name(self) -> str:
        """Name in the domain."""
        return "action_offer_ticket"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Says what people will do, by the kind of wish and after any danger, and waits for a yes."""
        if (
            turn.intent in _CANCELLING
            and turn.slots.get("awaiting") in ("ticket_offer", "person_offer")
            and len(turn.text) <= 2 * _BARE
        ):
            say.utter_message(response="utter_ok")  # 算了取消吧: what was just offered
            return [SlotSet("ticket_offer", None)]
        if turn.intent in _CANCELLING and 0 < len(turn.text) <= _BARE:
            say.utter_message(response="utter_cancel_what")
            return []
        if turn.intent in _STATES and turn.first("ticket_number"):
            return ActionCheckTicket().act(turn, say)  # GD26112200070到哪了 sounds like a parcel
        danger = warn(turn, say, turn.intent, turn.text)
        if not danger and (number := _under_way(turn)):
            return [*ActionCheckTicket().work(turn, say, number), SlotSet("ticket_number", number)]
        kind = "critical" if danger else ticket_kind_of(turn.intent)
        told, is_all = (None, False) if danger else look_up_wish(turn, say)
        if told is not None and is_all:
            return told
        if told is None:
            told = _tell_rule(turn, say) if turn.intent in _STATES else []
        intent, problem = _offered(turn)
        promised = kind == "consultation"
        when = _call_back(turn, intent, problem) if promised else ""
        say.utter_message(response=f"utter_offer_{kind}", when=when)
        return told + offer_ticket(intent, problem, turn.product, int(time.time()) if promised else None)


def _under_way(turn: Turn) -> str | None:
    """The number of the ticket that is asked about as if it were a new wish: 投诉处理得怎么样了."""
    if turn.values("order_number") or turn.values("tracking_number") or not turn.text:
        return None
    mine = service.list_tickets(turn.customer)
    tickets = [t for t in mine if (t.is_open or t.status == "resolved") and not names_other_line(turn, t)]
    kind = ticket_kind_of(turn.intent)
    same = next((t.number for t in tickets if t.kind in _SAME.get(kind, (kind,))), None)
    if same and answers.asks_progress(turn.text):
        return same
    bare = turn.intent in _STATES and len(turn.text) <= _SHORT and not answers.names_order(turn.text)
    spoken_of = turn.slots.get("ticket_number")
    return next((t.number for t in tickets if bare and t.number == spoken_of), None)


def _offered(turn: Turn) -> tuple[str, str]:
    """Intent and problem of the ticket, with what was told when the same was offered before."""
    intent, problem = _wished(turn)
    before = turn.slots.get("ticket_offer") if turn.slots.get("awaiting") == "ticket_offer" else None
    if before and ticket_kind_of(before["intent"]) == ticket_kind_of(intent):
        problem = together(before["problem"], problem)
    return intent, problem


def _wished(turn: Turn) -> tuple[str, str]:
    """Intent and problem as this message tells them; who asks for a person may name a fault beside that."""
    asks_person = turn.intent == "request_human"
    if asks_person and (turn.names_anything or turn.slots.get("fault")):
        return "report_fault", (_told(turn) or turn.text)
    if turn.intent in _SAYS_LITTLE and len(turn.text) <= _SHORT:
        return turn.intent, (_told(turn) or "") if asks_person else ""
    return turn.intent, turn.text


def _call_back(turn: Turn, intent: str, problem: str) -> str:
    with session_scope() as session:
        level = level_of(session, turn.conversation)
    return call_back_time(turn, level, intent, problem)


def _tell_rule(turn: Turn, say: CollectingDispatcher) -> list[EventType]:
    """Says the rule that a question about the state of an order is most likely about."""
    found = catalog().find(turn.text, turn.mentions, "ask_policy", limit=1)
    rule = next((f.fact for f in found if f.fact.kind == "policy" and f.confidence >= _FITS), None)
    return deliver(turn, say, rule) if rule else []


class ActionDeclineOffer(TurnAction):
    """Takes a no to a ticket or a person that was offered."""

    of_people = True

    def name(self) -> str:
        """Name in the domain."""
        return "action_decline_offer"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Forgets the offer, unless there is danger and the no was no answer to it."""
        if kept := stay_safe(turn, say):
            return kept
        _note_recommended(turn, "refused")
        say.utter_message(response="utter_ok")
        return [SlotSet("awaiting", None), SlotSet("ticket_offer", None), SlotSet("recommendation", None)]


def _only_product_of(line: str | None) -> str | None:
    """The product that is meant by its line, where there is but one."""
    products = catalog().graph.products_of(line) if line else []
    return products[0].name if len(products) == 1 else None


class ActionStartTicket(TurnAction):
    """Fills the ticket form with what is known already."""

    of_form = True

    def name(self) -> str:
        """Name in the domain."""
        return "action_start_ticket"

    def act(self, turn: Turn, say: CollectingDispatcher) -> list[EventType]:
        """Takes over the problem of the offer accepted, or what this message tells."""
        warn(turn, say, turn.intent, turn.text)
        offered = turn.intent != "open_ticket" and turn.slots.get("awaiting") == "ticket_offer"
        offer = turn.slots.get("ticket_offer") if offered else None
        events: list[EventType] = [SlotSet("awaiting", None), SlotSet("ticket_offer", None)]
        events.append(SlotSet("ticket_since", (offer or {}).get("since")))
        if offer:
            _note_recommended(turn, "accepted")
            told = {"problem": offer["problem"], "product": offer["product"], "intent": offer["intent"]}
        else:
            problem = _told(turn)
            # The product spoken of before belongs to the problem spoken of before, not to one yet to be told.
            only = None if turn.other_brand else _only_product_of(turn.line)
            product = (turn.product or only) if problem else turn.first("product")
            told = {"problem": problem, "product": product, "intent": turn.intent}
        # Something new begins a new ticket; else the form goes on with what it was told before.
        for slot, value in told.items():
            if told["problem"] or (value and not turn.slots.get(f"ticket_{slot}")):
                events.append(SlotSet(f"ticket_{slot}", value))
        phone = phone_in(turn.text) or phone_in(told["problem"] or "")
        if not phone and not turn.slots.get("ticket_phone"):
            phone = phone_in(service.known_phone(turn.customer) or "")
            if phone:
                say.utter_message(response="utter_phone_known", phone=masked(phone))
        events += [SlotSet("ticket_phone", phone)] if phone else []
        return [*events, SlotSet("ticket_confirmed", None)]


def _note_recommended(turn: Turn, outcome: str) -> None:
    """Notes what came of a recommendation, if the ticket that was offered is for one."""
    offer, asked = standing(turn)
    told = (turn.slots.get("ticket_offer") or {}).get("problem") or ""
    problem = told.partition("\n")[0]  # what was told after the offer stands below it
    if offer and problem in (offer.title.zh, offer.title.en):
        note_outcome(turn, outcome, offer.id, asked)


def _told(turn: Turn) -> str | None:
    """The problem as told when asking for a ticket, if anything was told."""
    named = any(turn.values(kind) for kind in ("product", "product_line", "function"))
    # 蓝牙老断, taken for a function, is none of ours: it says what is the matter.
    unknown = any(not catalog().graph.named("function", said) for said in turn.said("function"))
    told = turn.values("symptom") or turn.values("error_code") or unknown
    if told or (named and len(turn.text) >= _TELLING):
        return turn.text
    fault = catalog().graph.get((turn.slots.get("fault") or {}).get("ref"))
    if fault:
        return in_own_words(turn, fault.name)
    # A question asked since the form was left does not replace what the form was told.
    asked = {} if turn.slots.get("ticket_problem") else turn.slots.get("question") or {}
    return asked.get("text") or None
