"""Who sends a request of the app, and what their login proves about them."""

from __future__ import annotations

from collections import OrderedDict

import structlog
from sanic.request import Request

from kefu.channels.app_tokens import Account, Tokens
from kefu.channels.http import bearer
from kefu.channels.hub import Hub

log = structlog.get_logger()

_REMEMBERED = 10_000


class Arrivals:
    """Reads the login token of each request; the first time, it links what the token proves.

    Args:
        tokens: Reads the tokens.
        hub: Where messages are kept, and who they are from.
    """

    def __init__(self, tokens: Tokens, hub: Hub) -> None:
        self._tokens, self._hub = tokens, hub
        self._proved: OrderedDict[Account, None] = OrderedDict()

    async def account(self, request: Request) -> Account:
        """Returns who sends ``request``.

        Raises:
            Unauthorised: There is no valid token.
        """
        account = self._tokens.account(bearer(request))
        return account
