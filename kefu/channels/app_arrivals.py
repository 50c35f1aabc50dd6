"""Who sends a request of the app, and what their login proves about them."""

from __future__ import annotations

from collections import OrderedDict

import structlog
from sanic.request import Request
from sqlalchemy.exc import SQLAlchemyError

from kefu.channels.app_proofs import arrived
from kefu.channels.app_tokens import Account, Tokens
from kefu.channels.http import bearer
from kefu.channels.hub import Hub
from kefu.customers.phones import InvalidPhone
from kefu.customers.proofs import link_account

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
        self._linked: OrderedDict[tuple, None] = OrderedDict()

    async def account(self, request: Request) -> Account:
        """Returns who sends ``request``.

        Raises:
            Unauthorised: There is no valid token.
        """
        account = self._tokens.account(bearer(request))
        proof = (account.sender.id, account.phone, account.unionid)
        if (account.phone or account.unionid) and proof not in self._linked:
            if await self._link(account):
                self._linked[proof] = None
            if len(self._linked) > _REMEMBERED:
                self._linked.popitem(last=False)
        return account

    async def _link(self, account: Account) -> bool:
        """Links what the token proves; whether there is nothing to try again at the next request."""
        sender = account.sender
        try:
            await self._hub.threads(
                arrived,
                self._hub,
                sender,
                lambda session: link_account(session, sender.id, account.phone, account.unionid),
            )
        except (InvalidPhone, SQLAlchemyError) as error:
            # Nothing that the customer has to wait for: they are served unlinked.
            log.warning("app.account.not_linked", identity=sender.id, error=type(error).__name__)
            return isinstance(error, InvalidPhone)
        return True
