"""Signed sessions: what opens a conversation, and what does not."""

import jwt
import pytest

from kefu.channels.session import AUDIENCE, TYPE, SessionError, Sessions, identity_of


class Clock:
    now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sessions(clock):
    return Sessions("a secret of this installation", days=90, clock=clock)


def code_of(sessions, token):
    with pytest.raises(SessionError) as caught:
        sessions.visitor(token)
    return caught.value.code


def test_every_new_visitor_gets_an_id_of_128_bits_of_their_own(sessions):
    visitors = {sessions.visitor(sessions.issue()) for _ in range(50)}
    assert len(visitors) == 50 and all(len(bytes.fromhex(visitor)) == 16 for visitor in visitors)


def test_a_renewed_token_keeps_the_visitor_and_lives_longer(sessions, clock):
    first = sessions.issue()
    clock.now += 80 * 86400
    second = sessions.issue(sessions.visitor(first))
    clock.now += 80 * 86400
    assert code_of(sessions, first) == "session_expired"
    assert sessions.visitor(second)


@pytest.mark.parametrize("token", [None, "", "abc", "a.b.c", 7, ["x"], {"token": 1}, "x" * 5000])
def test_what_is_no_token_opens_nothing(sessions, token):
    assert code_of(sessions, token) == ("session_invalid" if token else "session_missing")


def test_a_token_signed_with_another_secret_is_refused(sessions, clock):
    assert code_of(sessions, Sessions("another secret", clock=clock).issue("ab" * 16)) == "session_invalid"


def test_an_unsigned_token_is_refused(sessions, clock):
    claims = {"typ": TYPE, "aud": AUDIENCE, "sub": "ab" * 16, "exp": int(clock.now) + 60}
    assert code_of(sessions, jwt.encode(claims, None, algorithm="none")) == "session_invalid"


@pytest.mark.parametrize(
    "wrong",
    [{"typ": "operator"}, {"aud": "console"}, {"sub": 5}, {"sub": None}, {"exp": None}, {"exp": "soon"}],
)
def test_a_token_for_another_purpose_is_refused_even_if_we_signed_it(sessions, clock, wrong):
    claims = {"typ": TYPE, "aud": AUDIENCE, "sub": "ab" * 16, "exp": int(clock.now) + 60} | wrong
    claims = {name: value for name, value in claims.items() if value is not None}
    key = sessions._key
    try:
        token = jwt.encode(claims, key, algorithm="HS256")
    except TypeError:  # PyJWT itself refuses to write such a claim
        return
    assert code_of(sessions, token) == "session_invalid"


def test_one_changed_character_breaks_the_token(sessions):
    head, body, signature = sessions.issue().split(".")
    changed = body[:-2] + ("A" if body[-2] != "A" else "B") + body[-1]
    assert code_of(sessions, ".".join((head, changed, signature))) == "session_invalid"


def test_the_conversation_id_does_not_reveal_the_visitor(sessions):
    token = sessions.issue()
    identity = sessions.sender(token).id
    assert identity == identity_of(sessions.visitor(token))
    assert sessions.visitor(token) not in identity and identity.startswith("web-")
    assert code_of(sessions, identity) == "session_invalid"
