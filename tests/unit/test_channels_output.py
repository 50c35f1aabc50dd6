"""What Rasa's responses become on the web page."""

import pytest

from kefu.channels.output import ChannelOutput


class Posted(list):
    async def __call__(self, conversation, body):
        self.append(body)


@pytest.fixture
def posted():
    return Posted()


async def test_blank_lines_separate_bubbles_and_single_breaks_do_not(posted):
    await ChannelOutput(posted, "web").send_response("c", {"text": "one\ntwo\n\n\n three \n \nfour\n"})
    assert [body["text"] for body in posted] == ["one\ntwo", "three", "four"]


async def test_buttons_hang_under_the_last_part_with_payload_or_address(posted):
    buttons = [{"title": "A", "payload": "/a"}, {"title": "B", "url": "https://b"}, {"title": "C"}]
    await ChannelOutput(posted, "web").send_response("c", {"text": "x\n\ny", "buttons": buttons})
    assert posted == [
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
    assert posted == [{"text": "x", "buttons": [{"title": "A", "payload": "/a"}]}]


async def test_pictures_and_files(posted):
    await ChannelOutput(posted, "web").send_response("c", {"image": "https://i/1.png"})
    await ChannelOutput(posted, "web").send_response(
        "c", {"attachment": {"type": "image", "payload": {"src": "https://i/2"}}}
    )
    await ChannelOutput(posted, "web").send_response("c", {"attachment": "https://f/3.pdf"})
    assert posted == [
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
    assert posted == [
        {
            "card": {"title": "T", "fields": [{"label": "a", "value": "b"}]},
            "buttons": [{"title": "A", "payload": "/a"}],
        }
    ]
    assert "buttons" in card  # the response of the domain is not changed


async def test_elements_are_cards(posted):
    await ChannelOutput(posted, "web").send_response("c", {"elements": [{"title": "T", "subtitle": "S"}]})
    assert posted[0]["card"]["text"] == "S"


async def test_a_turn_collects_its_bubbles_and_what_comes_after_it_is_pushed(posted):
    output = ChannelOutput(posted, "web", turn=True)
    await output.send_response("c", {"text": "one\n\ntwo"})
    assert (output.said, posted) == ([{"text": "one"}, {"text": "two"}], [])
    output.end_turn()
    await output.send_response("c", {"text": "reminder"})
    assert (len(output.said), posted) == (2, [{"text": "reminder"}])
