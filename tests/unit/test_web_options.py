"""What credentials.yml may say about the web channel."""

import pytest
from rasa.core.channels.channel import InputChannel
from rasa.shared.exceptions import RasaException

from kefu.channels.web import Options, WebChannel


@pytest.mark.parametrize("credentials", [None, {}, {"page_dir": "", "brand": None}])
def test_without_options_or_with_empty_ones_the_defaults_hold(credentials):
    assert WebChannel.from_credentials(credentials)._options == Options()


def test_an_unknown_option_is_named():
    with pytest.raises(RasaException, match="sesion_days"):
        WebChannel.from_credentials({"sesion_days": 3})


def test_the_channel_sits_beside_rasas_webhooks_and_not_below_them():
    channel: InputChannel = WebChannel()
    assert (channel.name(), channel.url_prefix()) == ("web", "/chat")


def test_before_the_server_has_started_there_is_no_output_channel_to_push_with():
    assert WebChannel().get_output_channel() is None
