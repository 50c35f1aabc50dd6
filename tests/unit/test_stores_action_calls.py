"""Actions are called over a real connection; what they see, and how failures come out."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from jsonschema import ValidationError
from rasa.core.actions.action import ActionExecutionRejection, action_for_name_or_text
from rasa.core.channels.channel import CollectingOutputChannel
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import EndpointConfig

from kefu.stores.action_calls import KeptEndpoint, QuickRemoteAction, told

stock = QuickRemoteAction.__base__  # its name in Rasa is ours by now
DOMAIN = Domain.from_yaml("""
intents: [greet]
slots: {count: {type: any, mappings: [{type: custom}]}}
forms: {ticket_form: {required_slots: [count]}}
responses: {utter_done: [{text: "done {count}"}]}
actions: [action_answer, validate_ticket_form, action_whole: {send_domain: true}]
""")


class ActionServer:
    """Answers as told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.calls, self.peers = [], set()
        self.status, self.answer = 200, {"events": [], "responses": []}
        self.port = 0

    async def _handle(self, request: web.Request) -> web.Response:
        self.calls.append(await request.json())
        self.peers.add(request.transport.get_extra_info("peername"))
        return web.json_response(self.answer, status=self.status)

    @asynccontextmanager
    async def running(self):
        app = web.Application()
        app.router.add_post("/webhook", self._handle)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            await runner.cleanup()

    @property
    def endpoint(self) -> EndpointConfig:
        return EndpointConfig(f"http://127.0.0.1:{self.port}/webhook", headers={"X-Token": "t"})


@pytest.fixture
async def server():
    async with ActionServer().running() as server:
        yield server


def conversation(turns: int) -> DialogueStateTracker:
    ranking = [{"name": f"i{n}", "confidence": 0.5} for n in range(60)]
    tracker = DialogueStateTracker.from_events("a", [], DOMAIN.slots)
    for n in range(turns):
        parsed = {"intent": ranking[0], "entities": [], "intent_ranking": ranking, "text_tokens": [(0, 2)]}
        parsed["mood"] = {"name": "angry", "confidence": 0.9}
        tracker.update_with_events([
            UserUttered(f"hello {n}", ranking[0], [], parsed, input_channel="web", message_id=str(n)),
            SlotSet("count", n), ActionExecuted("action_answer"), BotUttered("so"),
            ActionExecuted("action_listen"),
        ], DOMAIN)  # fmt: skip
    tracker.update(UserUttered("now", ranking[0], [], dict(parsed), input_channel="web", message_id="now"))
    return tracker


async def run(endpoint, name="action_answer", tracker=None):
    action = action_for_name_or_text(name, DOMAIN, endpoint)
    assert isinstance(action, QuickRemoteAction)
    nlg = TemplatedNaturalLanguageGenerator(DOMAIN.responses)
    return await action.run(CollectingOutputChannel(), nlg, tracker or conversation(2), DOMAIN)


async def test_one_connection_serves_many_calls(server):
    endpoint = server.endpoint
    for _ in range(5):
        await run(endpoint)
    assert len(server.calls) == 5 and len(server.peers) == 1


async def test_a_restarted_server_is_called_again(server):
    endpoint = server.endpoint
    await run(endpoint)
    again = ActionServer()
    async with ActionServer().running() as other:
        again.port = other.port
        endpoint = other.endpoint
        await run(endpoint)
    async with again.running():
        await run(endpoint)
    assert len(again.calls) == 1


async def test_what_the_action_gave_back_is_said_and_done(server):
    server.answer = {
        "events": [{"event": "slot", "name": "count", "value": 3, "timestamp": None}],
        "responses": [{"response": "utter_done", "count": 3, "buttons": [{"title": "ok", "payload": "/ok"}]}],
    }
    said, slot = await run(server.endpoint)
    assert (said.text, said.metadata["utter_action"]) == ("done 3", "utter_done")
    assert said.data["buttons"] == [{"title": "ok", "payload": "/ok"}]
    assert slot == SlotSet("count", 3)


async def test_actions_see_the_mood_of_this_message_and_the_last(server):
    await run(server.endpoint, tracker=conversation(2))
    tracker = server.calls[0]["tracker"]
    before = [event["parse_data"] for event in tracker["events"] if event["event"] == "user"]
    assert {parsed["mood"]["name"] for parsed in (tracker["latest_message"], *before)} == {"angry"}


async def test_actions_see_this_turn_and_the_last_messages_and_slots(server):
    await run(server.endpoint, tracker=conversation(40))
    tracker = server.calls[0]["tracker"]
    texts = [event["text"] for event in tracker["events"] if event["event"] == "user"]
    assert texts == [*(f"hello {n}" for n in range(30, 40)), "now"]
    assert tracker["events"][-1]["text"] == "now" and tracker["latest_message"]["text"] == "now"
    # Of what was said, the turn before only: what was asked last decides how a yes is understood.
    assert [event["event"] for event in tracker["events"]].count("bot") == 1
    assert {event["event"] for event in tracker["events"]} == {"user", "slot", "bot"}
    assert tracker["slots"]["count"] == 39 and tracker["latest_input_channel"] == "web"
    assert len(tracker["latest_message"]["intent_ranking"]) == 3
    assert "domain" not in server.calls[0]
    assert len(json.dumps(server.calls[0])) < 12_000


async def test_events_of_the_present_turn_are_seen_whole():
    tracker = conversation(3)
    tracker.update_with_events(
        [ActionExecuted("action_answer"), BotUttered("well"), SlotSet("count", 9)], DOMAIN
    )
    assert [event["event"] for event in told(tracker.events)][-4:] == ["user", "action", "bot", "slot"]


async def test_the_tracker_itself_is_not_changed_by_a_call(server):
    tracker = conversation(1)
    await run(server.endpoint, tracker=tracker)
    assert len(tracker.latest_message.parse_data["intent_ranking"]) == 60


async def test_the_domain_goes_to_whom_it_serves(server):
    await run(server.endpoint, "validate_ticket_form")
    await run(server.endpoint, "action_whole")
    assert set(server.calls[0]["domain"]) == {"forms", "slots"}
    assert "responses" in server.calls[1]["domain"]


async def test_all_can_be_sent_as_rasa_does(server):
    endpoint = server.endpoint
    endpoint.kwargs["whole_tracker"] = True
    await run(endpoint, tracker=conversation(20))
    assert len(server.calls[0]["tracker"]["events"]) == 101 and "domain" in server.calls[0]


async def test_a_rejection_reaches_the_policies(server):
    server.status, server.answer = 400, {"action_name": "action_answer", "error": "not now"}
    with pytest.raises(ActionExecutionRejection, match="not now"):
        await run(server.endpoint)


async def test_a_failed_action_fails_the_call(server):
    server.status, server.answer = 500, {"error": "boom"}
    with pytest.raises(RasaException, match="action_answer"):
        await run(server.endpoint)


async def test_an_absent_server_fails_the_call(server):
    with pytest.raises(RasaException, match="connect"):
        await run(EndpointConfig("http://127.0.0.1:1/webhook"))


@pytest.mark.parametrize(
    "answer",
    [
        {"events": [{"event": "slot", "name": "count"}]},
        {"events": [{"event": "nonsense"}]},
        {"events": [{"name": "count"}]},
        {"events": [{"event": "slot", "name": "count", "value": 1, "timestamp": "noon"}]},
        {"events": ["slot"]},
        {"events": {}},
        {"responses": ["hello"]},
        ["hello"],
    ],
)
async def test_a_response_that_rasas_schema_refuses_is_refused(server, answer):
    server.answer = answer
    with pytest.raises(ValidationError):
        stock("a", None)._validate_action_result(answer)
    with pytest.raises(ValidationError):
        await run(server.endpoint)


async def test_an_endpoint_keeps_its_settings(server):
    kept = KeptEndpoint.of(server.endpoint)
    assert kept == server.endpoint and kept.session()._session.headers["X-Token"] == "t"
    assert KeptEndpoint.of(kept) is kept
