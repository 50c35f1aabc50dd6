"""What the open API takes and gives, as its description shows it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConstrainedStr, Field, conint, conlist, constr

from kefu.console.account_api import Body
from kefu.console.open.paging import MAX_ID
from kefu.knowledge.schema import TICKET_KINDS, URGENCIES

#: What another system may do with a ticket; `assigned` needs somebody to be named, which is the console's.
STEPS = ("in_progress", "waiting", "resolved", "closed", "reopened", "cancelled")

Id = conint(ge=1, le=MAX_ID)
#: Of a customer's conversation; also names the customer.
ConversationId = constr(regex=r"^[A-Za-z0-9_-]{1,64}$")  # noqa: F722
Number = constr(regex=r"^[A-Za-z0-9]{1,16}$")  # noqa: F722


class Moment(str):
    """A time in UTC."""

    @classmethod
    def __get_validators__(cls):
        """Times come as text."""
        yield cls.as_text

    @classmethod
    def as_text(cls, value: str) -> str:
        """As it came."""
        return value

    @classmethod
    def __modify_schema__(cls, schema: dict[str, Any]) -> None:
        """How the description shows it."""
        schema.update(type="string", format="date-time", example="2026-11-22T08:30:00.000Z")


class _Words(ConstrainedStr):
    """Text that every database can keep."""

    min_length, strip_whitespace = 1, True

    @classmethod
    def __get_validators__(cls):
        """Its checks, the database's last."""
        yield from super().__get_validators__()
        yield cls.storable

    @classmethod
    def storable(cls, value: str) -> str:
        """Refuses what is no text at all."""
        if "\0" in value:
            raise ValueError("must not contain a null character")
        value.encode()
        return value


def words(most: int, least: int = 1) -> type[str]:
    """Text of so many characters."""
    return type("Words", (_Words,), {"max_length": most, "min_length": least})


class Problem(BaseModel):
    """Why a call was refused."""

    code: str = Field(description="What a program tells it by.", example="not_found")
    field: str | None = Field(description="Which part of the call is to blame.")
    message: str

    class Config:
        """Pydantic's options."""

        @staticmethod
        def schema_extra(schema: dict[str, Any]) -> None:
            """Says what pydantic does not: the field may be null."""
            schema["properties"]["field"]["type"] = ["string", "null"]


class Refused(BaseModel):
    """Every answer that is no success."""

    error: Problem


class Line(BaseModel):
    """One line of a ticket's history."""

    at: Moment
    kind: str
    text: str
    by: str | None = Field(description="The colleague or the system.")
    rating: int | None
    count: int | None


class Ticket(BaseModel):
    """A ticket."""

    number: str = Field(example="GD26112200070")
    status: str
    kind: str
    urgency: str
    queue: str
    priority: int
    assignee: str | None = Field(description="The colleague who has it.")
    respond_by: Moment | None
    resolve_by: Moment | None
    product: str | None
    category: str
    description: str
    customer: str = Field(description="The customer's conversation that it was opened in.")
    channel: str
    urged: int
    rating: int | None
    opened_at: Moment
    changed_at: Moment
    steps: list[str] = Field(description="Where it may be moved now.")
    version: int = Field(description="The ETag, without quotes.")


class WholeTicket(Ticket):
    """A ticket with its time line and the number left for calling back."""

    phone: str | None
    timeline: list[Line]


class Tickets(BaseModel):
    """A page of tickets."""

    tickets: list[Ticket]
    next: str | None = Field(description="The cursor of the next page; absent on the last.")


class NewTicket(Body):
    """A ticket to open on behalf of a customer."""

    customer: ConversationId = Field(description="A customer's id, or any of their conversations.")
    kind: Literal[tuple(TICKET_KINDS)]
    urgency: Literal[tuple(URGENCIES)] = "normal"
    description: words(2000)
    phone: words(32) | None
    product: words(64) | None
    line: words(64) | None
    function: words(64) | None
    problem_type: words(64) | None

    class Config:
        """Pydantic's options."""

        schema_extra = {
            "example": {
                "customer": "web-7f0c5a1e9d3b4c2a8e6f1d0b9c8a7f6e",
                "kind": "repair",
                "description": "L3 does not recognise fingerprints.",
            }
        }


class Detail(Body):
    """Something that belongs to a ticket."""

    text: words(2000)


class Move(Body):
    """Where a ticket goes."""

    status: Literal[STEPS]
    text: words(1000, 0) = Field(
        "", description="What the customer is told with it; `waiting` needs what they have to answer."
    )


class Identity(BaseModel):
    """One of the ways in which a customer reaches the company."""

    id: str
    channel: str
    since: Moment
    last_at: Moment | None


class Customer(BaseModel):
    """A customer."""

    id: str = Field(description="The conversation in which they speak now; changes when channels are linked.")
    phone: str | None = Field(description="The number that they proved, its middle hidden.")
    identities: list[Identity]
    tickets: int = Field(description="How many they have, up to 50.")


class Customers(BaseModel):
    """Customers that were found."""

    customers: list[Customer]


class Search(Body):
    """By what to look for a customer: exactly one of these. Not in the address, which proxies log."""

    phone: words(32) | None
    account: words(128) | None = Field(description="Their account of the company's app (`sub` of its login).")
    identity: ConversationId | None


class Forget(Body):
    """That a customer is to be forgotten; nothing of it comes back."""

    confirm: Literal[True]


class Erasure(BaseModel):
    """A wish that a customer be forgotten."""

    id: int
    asked_at: Moment
    done_at: Moment | None = Field(description="When nothing of them was left; not there before.")


class Export(BaseModel):
    """All that is kept of a customer."""

    data: dict[str, Any] = Field(
        description="By topic: `customer`, `conversation`, `facts`, `tickets`, `messages`, `talks` ...."
    )


class Conversation(BaseModel):
    """One of a customer's conversations."""

    id: str
    channel: str
    present: bool = Field(description="Whether they speak in this one now, whichever channel they use.")


class Conversations(BaseModel):
    """The conversations of a customer, the present one first."""

    conversations: list[Conversation]


class Message(BaseModel):
    """A message."""

    conversation: str
    seq: int = Field(description="Its number in the conversation: 1, 2, 3, ...")
    at: Moment
    channel: str
    sender: Literal["customer", "bot", "agent", "event"] = Field(alias="from")
    kind: str | None
    text: str | None
    image: Any
    voice: Any
    place: Any
    link: Any
    card: Any
    case: Any
    notice: Any
    agent: Any
    buttons: list[str] | None
    state: str | None


class Messages(BaseModel):
    """A page of messages, oldest first."""

    messages: list[Message]
    next: str | None = Field(description="The cursor of the page before these; absent at the beginning.")


class Saying(Body):
    """A message of the company to a customer."""

    text: words(2000)
    name: words(64) | None = Field(description="Who says it, as the customer sees it; else the assistant.")
    during_handoff: bool = Field(False, description="Also while a colleague talks with them.")


class Said(BaseModel):
    """What was said."""

    message: Message | None = Field(description="Absent if an earlier try of the same call had said it.")


class Handoff(BaseModel):
    """A takeover of a conversation by a person."""

    id: int
    conversation: str
    state: str
    reason: str
    queue: str
    skill: str
    priority: int
    agent: str | None
    requested_at: Moment
    accepted_at: Moment | None
    closed_at: Moment | None
    closed_by: str | None
    note: str


class Handoffs(BaseModel):
    """A page of takeovers, the newest first."""

    handoffs: list[Handoff]
    next: str | None = Field(description="The cursor of the next page; absent on the last.")


class NewHandoff(Body):
    """A takeover to ask for; the routing rules say to whom it goes."""

    customer: ConversationId
    kind: Literal[tuple(TICKET_KINDS)] = "consultation"
    urgency: Literal[tuple(URGENCIES)] = "normal"
    line: words(64) | None


class Requested(BaseModel):
    """A takeover that was asked for, or that there was already."""

    handoff: Handoff
    staffed: bool = Field(description="Whether somebody of the queue is online.")


class Ending(Body):
    """What was agreed; the customer is told."""

    note: words(2000, least=0) = ""


class NewWebhook(Body):
    """An address to be told of events."""

    url: words(500)
    kinds: conlist(words(64), min_items=1, max_items=30) = Field(
        description="`ticket.opened`, or all of a topic: `ticket.*`, `handoff.*`, `customer.*`.",
        example=["ticket.*", "handoff.*"],
    )


class WebhookChange(Body):
    """What is to change; what is left out stays."""

    url: words(500) | None
    kinds: conlist(words(64), min_items=1, max_items=30) | None
    active: bool | None


class Webhook(BaseModel):
    """An address that is told of events."""

    id: int
    url: str
    kinds: list[str]
    active: bool
    state: Literal["ok", "failing", "gone", "off"]
    failures: int
    failing_since: Moment | None
    created_at: Moment


class MadeWebhook(Webhook):
    """A new one, with the secret that signs; it is shown this once."""

    secret: str


class Webhooks(BaseModel):
    """Every webhook."""

    webhooks: list[Webhook]


class Delivery(BaseModel):
    """One event on its way to one webhook."""

    id: int
    message_id: str
    kind: str
    state: Literal["due", "sent", "failed"]
    tries: int
    created_at: Moment
    tried_at: Moment | None
    next_at: Moment | None
    status: int | None = Field(description="What the receiver answered last.")
    error: str | None = Field(description="Why it did not answer.")


class Deliveries(BaseModel):
    """The last 100, the newest first."""

    deliveries: list[Delivery]
