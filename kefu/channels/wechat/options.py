"""What sets up the WeChat channel: the account from the environment, the rest from credentials.yml."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from rasa.shared.exceptions import RasaException

API = "https://api.weixin.qq.com"


class AccountError(RasaException):
    """A variable of the account can't be used; the message is one sentence that names it."""


@dataclass(frozen=True)
class Account:
    """The official account, from the environment.

    Attributes:
        appid: ``KEFU_WECHAT_APPID``; empty where there is no account.
        secret: ``KEFU_WECHAT_SECRET``.
        token: ``KEFU_WECHAT_TOKEN``, chosen by oneself; signs what the platform sends.
        aes_key: ``KEFU_WECHAT_AES_KEY``, 43 characters; empty in plain mode.
        api_url: ``KEFU_WECHAT_API_URL``; another address for the simulator.
    """

    appid: str = ""
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    aes_key: str = field(default="", repr=False)
    api_url: str = API

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> Account:
        """Reads and checks the variables.

        Raises:
            AccountError: One is missing or malformed.
        """
        account = cls.read(environ)
        problems = account.problems() if account.appid else []
        if problems:
            raise AccountError(problems[0])
        return account

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> Account:
        """Reads the variables as they are."""
        given = {name: environ.get(f"KEFU_WECHAT_{name.upper()}", "").strip() for name in _VARIABLES}
        return cls(**{name: value for name, value in given.items() if value})

    def problems(self) -> list[str]:
        """What is wrong with the variables, one sentence each."""
        found = []
        for name, pattern, what in _SHAPES:
            if not re.fullmatch(pattern, getattr(self, name)):
                found.append(f"KEFU_WECHAT_{name.upper()} {what}.")
        if urlsplit(self.api_url).scheme not in ("http", "https"):
            found.append("KEFU_WECHAT_API_URL must begin with https://.")
        return found


_VARIABLES = ("appid", "secret", "token", "aes_key", "api_url")
# https://developers.weixin.qq.com/doc/offiaccount/Getting_Started/message-push.html
_SHAPES = (
    ("appid", r"wx[0-9a-zA-Z]{10,30}", "must be the AppID, wx followed by letters and digits"),
    ("secret", r"[0-9a-zA-Z]{16,64}", "must be the AppSecret, letters and digits"),
    ("token", r"[0-9a-zA-Z]{3,32}", "must be the Token, 3 to 32 letters and digits"),
    (
        "aes_key",
        r"|[0-9a-zA-Z]{43}",
        "must be the EncodingAESKey, 43 letters and digits; none in plain mode",
    ),
)


@dataclass(frozen=True)
class Options:
    """What credentials.yml may set under ``kefu.channels.wechat.WeChatChannel``.

    Attributes:
        hold_seconds: How long a callback is kept open for the answer; the platform waits 5 s.
        account: The account's original id (``gh_...``); callbacks for another are refused if it is set.
        menu: Keys of the account's menu: to ``{title, payload}``, as a button of the bot.
        template: ``{id, field, subscribe}``: the template that stands in for a push when the platform lets
            nothing else through, the field of it that takes the text, and whether it is one that customers
            subscribe to.
    """

    hold_seconds: float = 4.5
    account: str = ""
    menu: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    template: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, credentials: Mapping[str, Any] | None) -> Options:
        """Checks credentials.yml's section.

        Raises:
            RasaException: Something in it can't be used; the message names it.
        """
        given = {key: value for key, value in (credentials or {}).items() if value not in (None, "")}
        unknown = set(given) - set(cls.__dataclass_fields__)
        if unknown:
            raise RasaException(
                f"credentials.yml: {', '.join(sorted(unknown))}: no such option of WeChatChannel"
            )
        options = cls(**given)
        if not isinstance(options.hold_seconds, (int, float)) or not 0 <= options.hold_seconds < 5:
            raise RasaException("credentials.yml: hold_seconds: must be a number below 5")
        if not isinstance(options.menu, Mapping):
            raise RasaException("credentials.yml: menu: must map keys to {title, payload}")
        for key, entry in options.menu.items():
            if not isinstance(entry, Mapping) or not {"title", "payload"} <= set(entry):
                raise RasaException(f"credentials.yml: menu.{key}: must have a title and a payload")
        if options.template is not None and not {"id", "field"} <= set(options.template):
            raise RasaException("credentials.yml: template: must have an id and a field")
        return options
