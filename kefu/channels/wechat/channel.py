"""The WeChat official account as a Rasa channel; `kefu.channels.wechat.WeChatChannel:` in credentials.yml.

A message goes: callback -> gate (is it WeChat's?) -> parse (what is it?) -> reception (stored, its callback
held open) -> hub (answered) -> adapter (in the callback) or pusher (by the API). docs/channels/wechat.md.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from sanic import Blueprint, Sanic

from kefu.channels.hub import Hub, shared_hub
from kefu.channels.wechat.client import WeChatApi
from kefu.channels.wechat.crypto import Gate
from kefu.channels.wechat.deliver import WeChatAdapter
from kefu.channels.wechat.options import Account, Options
from kefu.channels.wechat.pushing import Pusher
from kefu.channels.wechat.reception import CHANNEL, Reception
from kefu.channels.wechat.webhook import add_routes

OnNewMessage = Callable[[UserMessage], Awaitable[Any]]

#: Notices and hints: their responses in domain.yml.
RESPONSES = {"choose": "utter_choose_by_number", "not_answered": "utter_not_answered"}


class WeChatChannel(InputChannel):
    """The input channel of the official account; without an account it serves nothing.

    Args:
        options: As in credentials.yml.
        account: From the environment.
        hub: Where the channels meet; tests give one on a database of their own.
    """

    @classmethod
    def name(cls) -> str:
        """Rasa's name of the channel, also for ``channel: wechat`` variants of responses."""
        return CHANNEL

    def url_prefix(self) -> str:
        """An absolute path: the callback is /wechat/callback."""
        return "/wechat"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> InputChannel:
        """Builds the channel from credentials.yml and the environment; mistakes are named."""
        return cls(Options.of(credentials), Account.of())

    def __init__(
        self,
        options: Options | None = None,
        account: Account | None = None,
        hub: Hub | None = None,
    ) -> None:
        self._options, self._account = options or Options(), account or Account()
        self._hub = hub or shared_hub()

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """Builds the callback; pushing begins when the server has started."""
        blueprint = Blueprint("wechat", url_prefix=self.url_prefix())
        if self._account.appid:
            self._serve(blueprint, on_new_message)
        return blueprint

    def _serve(self, blueprint: Blueprint, on_new_message: OnNewMessage) -> None:
        account, hub, scope = self._account, self._hub, self._hub.ledger.scope

        async def threads(function: Callable, *args: Any) -> Any:
            return await hub.threads(function, *args)

        gate = Gate(account.appid, account.token, account.aes_key)
        api = WeChatApi(account, scope, threads)
        pusher = Pusher(hub, api, self._options, scope, self._word)
        adapter = WeChatAdapter(hub, api, pusher, scope, self._word)
        reception = Reception(hub, self._options, account.appid, scope)
        hub.join(adapter, on_new_message)
        hub.attend(blueprint)  # first: what stops is stopped in the opposite order
        add_routes(blueprint, gate, self._options, reception, adapter)

        @blueprint.listener("after_server_start")
        async def start(_app: Sanic, _loop: Any) -> None:
            pusher.start()

        @blueprint.listener("before_server_stop")
        async def stop(_app: Sanic, _loop: Any) -> None:
            await pusher.stop()
            await api.close()

    def _word(self, code: str, language: str) -> str:
        return self._hub.dialogue.wording(RESPONSES.get(code, code), CHANNEL, language)

    def get_output_channel(self) -> OutputChannel | None:
        """Lets Rasa push outside a turn (external events, reminders): kept in the ledger, then sent."""
        return self._hub.push_output(self.name())
