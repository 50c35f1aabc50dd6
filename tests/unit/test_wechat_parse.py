"""Every message and event that wechatpy knows is understood as far as we need it; the unknown is a value."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wechatpy.events import EVENT_TYPES
from wechatpy.messages import MESSAGE_TYPES

from kefu.channels.wechat.crypto import Refused
from kefu.channels.wechat.parse import parse


def xml(**fields):
    given = {"ToUserName": "gh_1", "FromUserName": "oA", "CreateTime": "1700000000"} | fields
    inner = "".join(
        f"<{name}><![CDATA[{value}]]></{name}>" for name, value in given.items() if value is not None
    )
    return f"<xml>{inner}</xml>"


@pytest.mark.parametrize("kind", [*MESSAGE_TYPES, "somethingNew"])
def test_every_kind_of_message_is_a_value(kind):
    received = parse(xml(MsgType=kind, MsgId="42"))
    assert (received.kind, received.id, received.openid, received.account) == (
        kind.lower(),
        "42",
        "oA",
        "gh_1",
    )


@pytest.mark.parametrize("event", [*(e for e in EVENT_TYPES if not e.startswith("device_")), "somethingNew"])
def test_every_kind_of_event_is_a_value(event):
    received = parse(xml(MsgType="event", Event=event.upper(), EventKey="K"))
    assert received.kind == "event" and received.event and received.key == "K"


@pytest.mark.parametrize("event", [e for e in EVENT_TYPES if e.startswith("device_")])
def test_events_of_devices_are_events_too(event):
    received = parse(xml(MsgType="device_event", Event=event.removeprefix("device_"), DeviceID="1"))
    assert received.kind == "event"


@pytest.mark.parametrize(
    ("fields", "text", "parts"),
    [
        ({"MsgType": "text", "Content": " 门锁\x0b打不开 "}, "门锁打不开", {}),
        ({"MsgType": "voice", "MediaId": "m", "Recognition": "你好"}, "你好", {"voice": "m"}),
        ({"MsgType": "voice", "MediaId": "m"}, "", {"voice": "m"}),
        ({"MsgType": "image", "PicUrl": "https://p/1", "MediaId": "m"}, "", {"image": "https://p/1"}),
        ({"MsgType": "image", "PicUrl": "javascript:alert(1)", "MediaId": "m"}, "", {}),
        (
            {"MsgType": "location", "Location_X": "30.1", "Location_Y": "120.0", "Label": "杭州"},
            "杭州",
            {"place": {"label": "杭州", "latitude": "30.1", "longitude": "120.0"}},
        ),
        (
            {"MsgType": "link", "Title": "说明书", "Description": "d", "Url": "https://x"},
            "说明书",
            {"link": {"title": "说明书", "url": "https://x", "text": "d"}},
        ),
    ],
)
def test_what_a_message_says_in_words_and_what_is_shown_beside(fields, text, parts):
    received = parse(xml(MsgId="1", **fields))
    assert (received.text, received.parts) == (text, parts)


def test_scanning_to_follow_and_scanning_later_give_the_same_scene():
    later = parse(xml(MsgType="event", Event="SCAN", EventKey="link_ABC"))
    first = parse(xml(MsgType="event", Event="subscribe", EventKey="qrscene_link_ABC"))
    assert (later.event, later.key) == ("scan", "link_ABC")
    assert (first.event, first.key) == ("subscribe_scan", "link_ABC")


def test_an_event_is_known_again_by_sender_time_and_kind():
    def id(**changed):
        return parse(xml(MsgType="event", **({"Event": "CLICK", "EventKey": "A"} | changed))).id

    assert id() == id() and len(id()) <= 36
    others = [id(EventKey="B"), id(Event="VIEW"), id(FromUserName="oB"), id(CreateTime="1700000001")]
    assert len({id(), *others}) == 5


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({"MsgType": None}, "MsgType"),
        ({"FromUserName": None}, "FromUserName"),
        ({"FromUserName": "o " * 9}, "FromUserName"),
        ({"FromUserName": "o" * 129}, "FromUserName"),
        ({"CreateTime": "yesterday"}, "CreateTime"),
        ({"CreateTime": None}, "CreateTime"),
    ],
)
def test_a_field_at_fault_is_named(fields, at_fault):
    with pytest.raises(Refused) as refused:
        parse(xml(**{"MsgType": "text", "Content": "x", "MsgId": "1", **fields}))
    assert (refused.value.status, refused.value.field) == (400, at_fault)


NAMES = st.sampled_from(
    ["MsgType", "Event", "EventKey", "MsgId", "Content", "FromUserName", "CreateTime", "Label", "PicUrl", "x"]
)
VALUES = st.one_of(
    st.sampled_from(
        ["text", "event", "image", "location", "subscribe", "<a/>", "<a>1</a><a>2</a>", "1700000000"]
    ),
    st.text(max_size=20).map(lambda text: text.replace("<", "").replace("&", "")),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(NAMES, VALUES), max_size=12))
def test_whatever_comes_is_a_value_or_refused(fields):
    text = "<xml>" + "".join(f"<{name}>{value}</{name}>" for name, value in fields) + "</xml>"
    try:
        received = parse(text)
    except Refused as refused:
        assert refused.status == 400
    else:
        assert received.openid and len(received.id) <= 36


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_text_of_any_kind_is_no_callback(text):
    with pytest.raises(Refused):
        parse(text)
