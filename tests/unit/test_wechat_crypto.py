"""Callbacks are believed only if they are WeChat's; the vectors are those of its documentation."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto

from kefu.channels.wechat.crypto import MAX_BODY, Gate, Refused, read_xml
from kefu.channels.wechat.parse import parse
from tests.data.wechat.vectors import DOCUMENTED, KEY, SAMPLE, SAMPLE_XML

NOW = 1714037059


def gate(key=KEY, token="spamtest", appid="wx2c2769f8efd9abc2", now=NOW):
    return Gate(appid, token, key, clock=lambda: now)


def signed(*parts, token="spamtest"):
    return hashlib.sha1("".join(sorted([token, *parts])).encode()).hexdigest()


def query(stamp=str(NOW), nonce="n1", token="spamtest", **more):
    return {"signature": signed(stamp, nonce, token=token), "timestamp": stamp, "nonce": nonce, **more}


def sealed(xml, key=KEY, appid="wx2c2769f8efd9abc2", token="spamtest"):
    """Query and body of a callback in safe mode."""
    made = read_xml(WeChatCrypto(token, key, appid).encrypt_message(xml, "n1", str(NOW)))
    return query(encrypt_type="aes", msg_signature=made["MsgSignature"]), (
        f"<xml><ToUserName>gh</ToUserName><Encrypt><![CDATA[{made['Encrypt']}]]></Encrypt></xml>".encode()
    )


@pytest.mark.parametrize(("stamp", "nonce", "signature"), DOCUMENTED)
def test_the_signatures_of_the_documentation_are_right(stamp, nonce, signature):
    Gate("wx", "AAAAA", clock=lambda: int(stamp)).check(
        {"signature": signature, "timestamp": stamp, "nonce": nonce}
    )


def test_the_sample_of_the_documentation_is_decrypted():
    stamp, nonce = SAMPLE["timestamp"], SAMPLE["nonce"]
    asked = {**SAMPLE, "signature": signed(stamp, nonce), "encrypt_type": "aes"}
    xml = gate(now=int(stamp)).open(asked, SAMPLE_XML.encode())
    received = parse(xml)
    assert (received.kind, received.text, received.id) == ("text", "abcdteT", "6054768590064713728")


def test_what_is_sealed_is_what_the_platform_reads():
    made = gate().seal("<xml>您好</xml>")
    fields = read_xml(made)
    told = fields["MsgSignature"], fields["TimeStamp"], fields["Nonce"]
    assert (
        WeChatCrypto("spamtest", KEY, "wx2c2769f8efd9abc2").decrypt_message(made, *told) == "<xml>您好</xml>"
    )


def refusal(open_):
    with pytest.raises(Refused) as refused:
        open_()
    return refused.value.status, refused.value.reason


@pytest.mark.parametrize("field", ["signature", "timestamp", "nonce"])
@pytest.mark.parametrize("value", ["", "1", "签名", "0" * 40])
def test_a_request_that_lacks_or_changes_what_is_signed_is_forged(field, value):
    assert refusal(lambda: gate().open(query() | {field: value}, b"<xml/>")) == (403, "forged")
    assert refusal(lambda: gate().open({}, b"<xml/>")) == (403, "forged")


@pytest.mark.parametrize("away", [-301, 301])
def test_a_request_of_another_time_is_stale(away):
    assert refusal(lambda: gate().check(query(str(NOW + away)))) == (403, "stale")
    gate().check(query(str(NOW + away // 2)))


def test_an_encrypted_message_with_another_signature_is_forged():
    asked, body = sealed("<xml><A>1</A></xml>")
    assert refusal(lambda: gate().open(asked | {"msg_signature": "0" * 40}, body)) == (403, "forged")
    changed = body.replace(b"<Encrypt><![CDATA[", b"<Encrypt><![CDATA[A")
    assert refusal(lambda: gate().open(asked, changed)) == (403, "forged")


def test_an_encrypted_message_for_another_account_is_refused():
    asked, body = sealed("<xml/>", appid="wx9999999999999999")
    assert refusal(lambda: gate().open(asked, body)) == (403, "wrong_appid")


def test_with_a_key_nothing_comes_in_unencrypted():
    assert refusal(lambda: gate().open(query(), b"<xml/>")) == (403, "not_encrypted")
    assert refusal(lambda: gate(key="").open(*sealed("<xml/>"))) == (403, "encrypted_without_key")


def test_in_plain_mode_a_signature_is_good_for_one_body_which_may_come_again():
    plain = gate(key="")
    assert plain.open(query(), b"<xml>1</xml>") == plain.open(query(), b"<xml>1</xml>")
    assert refusal(lambda: plain.open(query(), b"<xml>2</xml>")) == (403, "replayed")
    assert plain.open(query(nonce="n2"), b"<xml>2</xml>")


def test_a_body_of_more_than_a_callback_is_too_large():
    assert refusal(lambda: gate(key="").open(query(), b" " * (MAX_BODY + 1))) == (413, "too_large")


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><xml><A>&b;</A></xml>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><A>&a;</A></xml>'


@pytest.mark.parametrize(
    "text", [BOMB, OUTSIDE, "", "<xml>", "<xml/>", "<a/>", "text", "<xml><A></xml>", "\0", "{}"]
)
def test_bombs_and_what_is_no_xml_are_malformed(text):
    assert refusal(lambda: read_xml(text)) == (400, "malformed")


def test_bytes_that_are_no_utf_8_are_malformed():
    assert refusal(lambda: gate(key="").open(query(), "<xml>您</xml>".encode("gbk"))) == (400, "malformed")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.text(max_size=60))
def test_whatever_is_called_encrypted_is_decrypted_or_refused(body, inner):
    stamp = str(NOW)
    asked = query(encrypt_type="aes", msg_signature=signed(stamp, "n1", inner))
    for tried in (body, f"<xml><Encrypt><![CDATA[{inner}]]></Encrypt></xml>".encode(errors="ignore")):
        with pytest.raises(Refused):
            gate().open(asked, tried)
