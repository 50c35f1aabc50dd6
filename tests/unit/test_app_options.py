"""The app's channel in credentials.yml: on by its options or the environment, off without any."""

import pytest
from rasa.shared.exceptions import RasaException

from kefu.channels.app import AppChannel, Options
from tests.app_client import AUDIENCE, ENVIRON, ISSUER, SECRET
from tests.web_server import Hub, ledger_on


@pytest.fixture
def hub(tmp_path):
    return Hub(ledger_on(tmp_path / "kefu.db"))


def test_without_any_option_the_channel_is_off(hub):
    channel = AppChannel(Options().completed({}), hub)
    blueprint = channel.blueprint(None)
    assert not blueprint._future_routes and "app" not in hub.adapters


def test_the_environment_switches_it_on(hub):
    blueprint = AppChannel(Options().completed(ENVIRON), hub).blueprint(None)
    assert "/events" in {route.uri for route in blueprint._future_routes} and "app" in hub.adapters


def test_the_file_goes_before_the_environment():
    options = Options(key_file="key.pem", issuer="mine").completed(ENVIRON)
    assert (options.issuer, options.secret, options.key_file) == ("mine", None, "key.pem")
    assert options.audience == AUDIENCE


@pytest.mark.parametrize("missing", ["issuer", "audience", "secret"])
def test_an_option_that_is_missing_is_named(hub, missing):
    given = {"issuer": ISSUER, "audience": AUDIENCE, "secret": SECRET}
    del given[missing]
    with pytest.raises(RasaException, match=missing):
        AppChannel(Options(**given), hub)


def test_an_option_that_cannot_be_used_is_named(hub):
    with pytest.raises(RasaException, match="secret must have"):
        AppChannel(Options(issuer=ISSUER, audience=AUDIENCE, secret="short"), hub)


def test_an_unknown_option_is_named():
    with pytest.raises(RasaException, match="colour"):
        AppChannel.from_credentials({"colour": "red"})
