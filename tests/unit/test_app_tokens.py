"""Login tokens: which are believed, and what they prove."""

import base64
import json

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from kefu.channels.app_tokens import Keys, Tokens, identity_of
from kefu.channels.http import Unauthorised
from tests.app_client import AUDIENCE, ISSUER, SECRET

NOW = 1_800_000_000
CLAIMS = {"iss": ISSUER, "aud": AUDIENCE, "sub": "anna", "exp": NOW + 600}
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


def signed(key=SECRET, algorithm="HS256", headers=None, **claims):
    told = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    return jwt.encode(told, key, algorithm=algorithm, headers=headers)


def pem(key):
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, kind).decode()


def jwk(key, kid):
    algorithm = RSAAlgorithm if key is RSA else ECAlgorithm
    return json.loads(algorithm.to_jwk(key.public_key())) | {"kid": kid, "use": "sig"}


def tokens(keys=None):
    return Tokens(keys or Keys(SECRET), ISSUER, AUDIENCE, leeway=30, clock=lambda: NOW)


@pytest.fixture
def key_file(tmp_path):
    def written(content):
        path = tmp_path / "key"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return Keys(path=str(path))

    return written


def refusal(token, reader=None):
    with pytest.raises(Unauthorised) as refused:
        (reader or tokens()).account(token)
    return refused.value.error["code"]


def test_a_login_gives_an_identity_that_does_not_tell_the_account():
    account = tokens().account(signed())
    assert account.sender.id == identity_of(ISSUER, "anna") and "anna" not in account.sender.id
    assert (account.sender.channel, account.sender.subject) == ("app", "anna")
    assert account.sender.id != identity_of("https://other.example.com", "anna")


@pytest.mark.parametrize("token", [None, ""])
def test_without_a_token_nobody_is_known(token):
    assert refusal(token) == "token_missing"


def test_an_expired_token_is_refused_and_a_clock_may_be_a_little_wrong():
    assert refusal(signed(exp=NOW - 30)) == "token_expired"
    assert tokens().account(signed(exp=NOW - 29)).expires == NOW + 1
    assert tokens().account(signed(nbf=NOW + 29))
    assert refusal(signed(nbf=NOW + 60)) == "token_invalid"


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "another"},
        {"aud": None},
        {"iss": "https://evil.example.com"},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "a" * 129},
        {"sub": "a\nb"},
        {"exp": None},
        {"nbf": NOW + 600},
    ],
    ids=str,
)
def test_a_token_for_others_or_without_a_needed_claim_is_refused(changed):
    assert refusal(signed(**changed)) == "token_invalid"


@pytest.mark.parametrize("changed", [{"sub": 7}, {"exp": "soon"}, {"exp": True}, {"exp": 1e400}], ids=str)
def test_a_claim_of_the_wrong_type_is_refused(changed):
    # Encoded by hand: the library would refuse to sign such claims.
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256"}, CLAIMS | changed)]
    body = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = jwt.get_algorithm_by_name("HS256").sign(body, SECRET.encode())
    assert (
        refusal((body + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()) == "token_invalid"
    )


def test_a_forged_token_is_refused():
    head, body, signature = signed().split(".")
    other = signed(sub="bob").split(".")[1]
    assert refusal(f"{head}.{other}.{signature}") == "token_invalid"
    assert refusal(signed("another secret of the same good length")) == "token_invalid"
    assert refusal(f"{head}.{body}.") == "token_invalid"
    assert refusal("a" * 9000) == "token_invalid"


def test_a_token_that_names_no_algorithm_is_refused():
    assert refusal(signed(None, "none")) == "token_invalid"
    assert refusal(signed(SECRET, "HS512")) == "token_invalid"


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256")], ids=["rsa", "ec"])
def test_a_public_key_reads_tokens_of_its_own_algorithm_only(key_file, key, algorithm):
    reader = tokens(key_file(pem(key)))
    assert reader.account(signed(key, algorithm)).sender.subject == "anna"
    # The classic confusion: the public key, which everybody has, used as a secret.
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256"}, CLAIMS)]
    body = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    import hashlib
    import hmac

    signature = hmac.new(pem(key).encode(), body, hashlib.sha256).digest()
    forged = body + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")
    assert refusal(forged.decode(), reader) == "token_invalid"


def test_among_several_keys_a_token_names_its_own(key_file):
    reader = tokens(key_file({"keys": [jwk(RSA, "one"), jwk(EC, "two"), {"kty": "oct", "k": "eA"}]}))
    assert reader.account(signed(RSA, "RS256", {"kid": "one"}))
    assert reader.account(signed(EC, "ES256", {"kid": "two"}))
    assert refusal(signed(RSA, "RS256", {"kid": "two"}), reader) == "token_invalid"
    assert refusal(signed(RSA, "RS256", {"kid": "three"}), reader) == "token_invalid"
    assert refusal(signed(RSA, "RS256"), reader) == "token_invalid"


def test_a_replaced_key_file_counts_and_a_broken_one_does_not(key_file, tmp_path, monkeypatch):
    reader = tokens(key_file(pem(RSA)))
    monkeypatch.setattr("kefu.channels.app_tokens._REREAD_SECONDS", -1)
    (tmp_path / "key").write_text("half a ke")
    assert reader.account(signed(RSA, "RS256"))
    (tmp_path / "key").write_text(pem(EC))
    assert reader.account(signed(EC, "ES256"))
    assert refusal(signed(RSA, "RS256"), reader) == "token_invalid"


@pytest.mark.parametrize(
    ("content", "reason"),
    [("nonsense", "neither"), ({"keys": []}, "no RSA"), ({}, "neither"), ({"keys": [7]}, "neither")],
)
def test_a_key_file_that_cannot_be_used_is_refused_at_the_start(key_file, content, reason):
    with pytest.raises(ValueError, match=f"key_file: .*{reason}"):
        key_file(content)


def test_a_short_secret_a_missing_file_or_both_kinds_are_refused_at_the_start(tmp_path):
    with pytest.raises(ValueError, match="secret must have 32 bytes"):
        Keys("short")
    with pytest.raises(ValueError, match="key_file: .*cannot be read"):
        Keys(path=str(tmp_path / "none"))
    with pytest.raises(ValueError, match="exactly one"):
        Keys(SECRET, "file")


def test_only_a_phone_that_the_company_has_verified_is_proved():
    phone = {"phone_number": "+8613800000000"}
    assert tokens().account(signed(**phone)).phone is None
    assert tokens().account(signed(**phone, phone_number_verified="true")).phone is None
    assert tokens().account(signed(**phone, phone_number_verified=True)).phone == "+8613800000000"
    assert tokens().account(signed(phone_number="138", phone_number_verified=True)).phone is None
    assert tokens().account(signed(unionid="o6_bmasdasdsad6_2sgVt7hMZOPfL")).unionid.startswith("o6_")
    assert tokens().account(signed(unionid=7)).unionid is None


@given(st.text(max_size=300) | st.binary(max_size=200).map(lambda raw: raw.hex(".", 7)))
def test_nonsense_is_refused_and_breaks_nothing(text):
    assert refusal(text) in ("token_missing", "token_invalid")
