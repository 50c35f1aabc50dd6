"""What Rasa's responses become on the web page."""

import pytest

from kefu.channels.output import ChannelOutput


class Posted(list):
    async def __call__(self, conversation, body, reply_to):
        self.append((body, reply_to))

    @property
    def bodies(self):
        return [body for body, _ in self]


@pytest.fixture
def posted():
    return Posted()


async def test_blank_lines_separate_bubbles_and_single_breaks_do_not(posted):
    await ChannelOutput(posted, "web", 4).send_response("c", {"text": "one\ntwo\n\n\n three \n \nfour\n"})
    assert [body["text"] for body in posted.bodies] == ["one\ntwo", "three", "four"]
    assert {reply_to for _, reply_to in posted} == {4}


async def test_buttons_hang_under_the_last_part_with_payload_or_address(posted):
    buttons = [{"title": "A", "payload": "/a"}, {"title": "B", "url": "https://b"}, {"title": "C"}]
    await ChannelOutput(posted, "web").send_response("c", {"text": "x\n\ny", "buttons": buttons})
    assert posted.bodies == [
        {"text": "x"},
        {
            "text": "y",
            "buttons": [
                {"title": "A", "payload": "/a"},
                {"title": "B", "url": "https://b"},
                {"title": "C", "payload": "C"},
            ],
        },
    ]


async def test_quick_replies_are_buttons(posted):
    await ChannelOutput(posted, "web").send_response(
        "c", {"text": "x", "quick_replies": [{"title": "A", "payload": "/a"}]}
    )
    assert posted.bodies == [{"text": "x", "buttons": [{"title": "A", "payload": "/a"}]}]


async def test_pictures_and_files(posted):
    await ChannelOutput(posted, "web").send_response("c", {"image": "https://i/1.png"})
    await ChannelOutput(posted, "web").send_response(
        "c", {"attachment": {"type": "image", "payload": {"src": "https://i/2"}}}
    )
    await ChannelOutput(posted, "web").send_response("c", {"attachment": "https://f/3.pdf"})
    assert posted.bodies == [
        {"image": "https://i/1.png"},
        {"image": "https://i/2"},
        {"text": "https://f/3.pdf"},
    ]


async def test_the_buttons_of_a_card_are_kept_beside_it(posted):
    card = {
        "title": "T",
        "fields": [{"label": "a", "value": "b"}],
        "buttons": [{"title": "A", "payload": "/a"}],
    }
    await ChannelOutput(posted, "web").send_response("c", {"custom": card})
    assert posted.bodies == [
        {
            "card": {"title": "T", "fields": [{"label": "a", "value": "b"}]},
            "buttons": [{"title": "A", "payload": "/a"}],
        }
    ]
    assert "buttons" in card  # the response of the domain is not changed


async def test_elements_are_cards(posted):
    await ChannelOutput(posted, "web").send_response("c", {"elements": [{"title": "T", "subtitle": "S"}]})
    assert posted.bodies[0]["card"]["text"] == "S"


async def test_what_is_sent_after_the_turn_answers_nothing(posted):
    output = ChannelOutput(posted, "web", 4)
    output.end_turn()
    await output.send_response("c", {"text": "reminder"})
    assert posted == [({"text": "reminder"}, None)]
