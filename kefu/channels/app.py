"""The company's own app as a Rasa channel; `kefu.channels.app.AppChannel:` in credentials.yml.

REST at /app/v1/ with the company's login token, pushes as server-sent events. docs/channels/app.md tells how
the app connects, docs/channels/app.openapi.yml describes the wire.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog
from rasa.core.channels.channel import InputChannel, OutputChannel, UserMessage
from rasa.shared.exceptions import RasaException
from sanic import Blueprint, Sanic

from kefu.channels.app_arrivals import Arrivals
from kefu.channels.app_proofs import Proofs
from kefu.channels.app_routes import add_routes
from kefu.channels.app_streams import Streams
from kefu.channels.app_tokens import Keys, Tokens
from kefu.channels.desk import Desk
from kefu.channels.hub import Hub, shared_hub
from kefu.channels.own_data import OwnData

log = structlog.get_logger()

OnNewMessage = Callable[[UserMessage], Awaitable[Any]]


@dataclass(frozen=True)
class Options:
    """What credentials.yml may set; without a value the environment's ``KEFU_APP_<NAME>`` counts.

    Attributes:
        issuer: ``iss`` of the login tokens.
        audience: ``aud`` that they must have.
        secret: What they are signed with (HS256), 32 bytes or more.
        key_file: Instead of ``secret``: a public key (PEM) or JWKS file (RS256, ES256).
        leeway: By how many seconds the clocks may differ.
    """

    issuer: str | None = None
    audience: str | None = None
    secret: str | None = None
    key_file: str | None = None
    leeway: float = 30

    def completed(self, environ: Mapping[str, str] = os.environ) -> Options:
        """These with what the environment says where they are silent."""
        names = ("issuer", "audience", "secret", "key_file")
        found = {
            name: getattr(self, name) or environ.get(f"KEFU_APP_{name.upper()}") or None for name in names
        }
        if self.secret or self.key_file:  # the file has chosen the kind of key
            found |= {"secret": self.secret, "key_file": self.key_file}
        return replace(self, **found)

    @property
    def unset(self) -> bool:
        """Whether nothing is set: the company has no app."""
        return not any((self.issuer, self.audience, self.secret, self.key_file))

    def tokens(self) -> Tokens:
        """Reads the login tokens.

        Raises:
            RasaException: An option is missing or unusable; it is named.
        """
        missing = [name for name in ("issuer", "audience") if not getattr(self, name)]
        if not self.secret and not self.key_file:
            missing.append("secret or key_file")
        if missing:
            raise RasaException(f"AppChannel: not set: {', '.join(missing)} (see docs/channels/app.md)")
        try:
            return Tokens(Keys(self.secret, self.key_file), self.issuer, self.audience, float(self.leeway))
        except (ValueError, TypeError) as error:
            raise RasaException(f"AppChannel: {error}") from error


class AppChannel(InputChannel):
    """The input channel of the app; off, without any route, where nothing of it is set.

    Args:
        options: As in credentials.yml.
        hub: Where the channels meet; tests give one on a database of their own.
    """

    @classmethod
    def name(cls) -> str:
        """Rasa's name of the channel, also for ``channel: app`` variants of responses."""
        return "app"

    def url_prefix(self) -> str:
        """An absolute path, not below /webhooks/."""
        return "/app/v1"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> InputChannel:
        """Builds the channel from credentials.yml; an unknown key is an error that names it."""
        credentials = dict(credentials or {})
        unknown = set(credentials) - set(Options.__dataclass_fields__)
        if unknown:
            raise RasaException(
                f"credentials.yml: {', '.join(sorted(unknown))}: no such option of {cls.__name__}"
            )
        given = {key: value for key, value in credentials.items() if value not in (None, "")}
        return cls(Options(**given).completed())

    def __init__(self, options: Options, hub: Hub | None = None) -> None:
        self._hub = hub or shared_hub()
        self._tokens = None if options.unset else options.tokens()

    def blueprint(self, on_new_message: OnNewMessage) -> Blueprint:
        """Builds the routes; answering begins when the server has started."""
        blueprint = Blueprint("app_channel", url_prefix=self.url_prefix())
        if self._tokens is None:
            log.info("app.channel.off", reason="KEFU_APP_ISSUER, KEFU_APP_AUDIENCE and a key are not set")
            return blueprint
        streams = Streams(self._hub)
        self._hub.join(streams, on_new_message)
        arrivals = Arrivals(self._tokens, self._hub)
        proofs, own = Proofs(self._hub, streams), OwnData(self._hub)
        add_routes(blueprint, Desk(self._hub), streams, proofs, own, arrivals)

        @blueprint.listener("before_server_stop")
        async def end_streams(_app: Sanic, _loop: Any) -> None:
            streams.end()

        self._hub.attend(blueprint)
        return blueprint

    def get_output_channel(self) -> OutputChannel | None:
        """Lets Rasa push outside a turn (external events, reminders): kept in the ledger, then streamed."""
        return self._hub.push_output(self.name())
