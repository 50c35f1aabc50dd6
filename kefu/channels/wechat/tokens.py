"""The account's access token: fetched once for all who need it, in this process and in others.

https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from kefu.channels.wechat.models import WechatToken
from kefu.db import utcnow

#: The platform has a new token five minutes before the old one ends, and takes both until then.
EARLY = timedelta(minutes=5)
_FETCHING = timedelta(seconds=10)

#: Asks the platform; whether a token that still lasts must be replaced; gives token and seconds.
Fetch = Callable[[bool], Awaitable[tuple[str, float]]]
Run = Callable[..., Awaitable[Any]]


class Tokens:
    """Keeps the token of one account.

    Args:
        appid: Of the account.
        fetch: Asks the platform for a token.
        scope: Opens a session that commits at its end.
        threads: Runs blocking calls beside the event loop.
    """

    def __init__(
        self, appid: str, fetch: Fetch, scope: Callable[[], AbstractContextManager[Session]], threads: Run
    ) -> None:
        self._appid, self._fetch, self._scope, self._threads = appid, fetch, scope, threads
        self._kept: tuple[str, datetime] = ("", utcnow())
        self._fetching: asyncio.Task | None = None

    async def get(self, refused: str | None = None) -> str:
        """A token that lasts a while yet, and that is not ``refused``."""
        token, ends = self._kept
        if token and token != refused and ends > utcnow() + EARLY:
            return token
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._shared(refused))
        # Who waits may be cancelled; the others still wait for the same.
        self._kept = await asyncio.shield(self._fetching)
        return self._kept[0]

    async def _shared(self, refused: str | None) -> tuple[str, datetime]:
        """The token that any process fetched, or one fetched now while the others wait."""
        for _ in range(int(_FETCHING.total_seconds() / 0.2)):
            row, mine = await self._threads(self._look, refused)
            if row is not None:
                return row
            if mine:
                break
            await asyncio.sleep(0.2)
        try:
            token, seconds = await self._fetch(False)
            if token == refused:  # the platform holds it for good, and yet refuses it
                token, seconds = await self._fetch(True)
        except BaseException:
            await self._threads(self._let_others)
            raise
        # Near its end the platform gives the old token for a little while: ask again then, not at once.
        ends = max(utcnow() + timedelta(seconds=seconds), utcnow() + EARLY + timedelta(seconds=10))
        await self._threads(self._keep, token, ends)
        return token, ends

    def _look(self, refused: str | None) -> tuple[tuple[str, datetime] | None, bool]:
        """The stored token, if it is good; else whether fetching a new one is now up to us."""
        with self._scope() as session:
            now = utcnow()
            mine = (
                update(WechatToken)
                .where(
                    WechatToken.appid == self._appid,
                    or_(WechatToken.expires_at <= now + EARLY, WechatToken.token == (refused or "")),
                    or_(WechatToken.fetching_until.is_(None), WechatToken.fetching_until < now),
                )
                .values(fetching_until=now + _FETCHING)
            )
            if session.execute(mine.execution_options(synchronize_session=False)).rowcount:
                return None, True
            row = session.execute(select(WechatToken).where(WechatToken.appid == self._appid)).scalar()
            if row is None:
                return None, self._claim_first(session)
            good = row.token and row.token != refused and row.expires_at > now + EARLY
            return ((row.token, row.expires_at), False) if good else (None, False)

    def _claim_first(self, session: Session) -> bool:
        try:
            with session.begin_nested():
                session.add(WechatToken(appid=self._appid, fetching_until=utcnow() + _FETCHING))
            return True
        except IntegrityError:
            return False

    def _keep(self, token: str, ends: datetime) -> None:
        with self._scope() as session:
            row = session.get(WechatToken, self._appid)
            row.token, row.expires_at, row.fetching_until = token, ends, None

    def _let_others(self) -> None:
        with self._scope() as session:
            session.get(WechatToken, self._appid).fetching_until = None
