"""A language model that rewords or sums up, for operators, what the knowledge says; off unless it is set up.

It is given facts that were retrieved and nothing of the customer, and whatever it says beyond them is dropped
(`kefu.language.fidelity`). An operator reads the rest before anybody else does. Any server of OpenAI's chat
interface serves: https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from datetime import datetime, time, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

import requests
from sqlalchemy import select

from kefu.config import SettingsError, settings
from kefu.db import session_scope, today
from kefu.events import Event, record
from kefu.language.fidelity import faithful

logger = logging.getLogger(__name__)

_KIND = "helper.asked"
_LONGEST = 4000
_TASKS = {
    "polish": "Reword the text below, in the same language, as a kind and clear message to a customer.",
    "summarise": "Sum up the text below, in the same language, in two sentences at most.",
}
_RULE = (
    "Use nothing but what the text says: no other number, name, condition or promise; keep every negation. "
    "Answer with the message alone."
)


class HelperFailed(Exception):
    """Nothing came of it; ``code`` says why: ``off``, ``budget``, ``unavailable`` or ``unfaithful``."""

    def __init__(self, code: str) -> None:
        """Names the reason."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Helper:
    """How the model is reached.

    Attributes:
        url: Before ``/chat/completions`` (``KEFU_HELPER_URL``); empty: off.
        key: Sent as ``Authorization: Bearer`` (``KEFU_HELPER_KEY``).
        model: Its name there (``KEFU_HELPER_MODEL``).
        tokens_a_day: How many it may use, read and written, in a day (``KEFU_HELPER_TOKENS``).
        seconds: How long an answer may take (``KEFU_HELPER_SECONDS``).
    """

    url: str = ""
    key: str = field(default="", repr=False)
    model: str = ""
    tokens_a_day: int = 200_000
    seconds: float = 10

    def reword(self, source: str, task: str) -> str:
        """Rewords (``polish``) or sums up (``summarise``) a text of the knowledge.

        Raises:
            HelperFailed: It is off, used up for today, does not answer in time, or says something else.
        """
        if not self.url:
            raise HelperFailed("off")
        if self._used() >= self.tokens_a_day:
            raise HelperFailed("budget")
        said, tokens = self._ask(source[:_LONGEST], task)
        kept = faithful(said, source)
        share = round(len(kept) / max(len(said), 1), 2)
        with session_scope() as session:
            record(session, _KIND, None, task=task, tokens=tokens, kept=share)
        if not kept:
            raise HelperFailed("unfaithful")
        return kept

    def _ask(self, source: str, task: str) -> tuple[str, int]:
        asked = {
            "model": self.model,
            "temperature": 0,
            "max_tokens": 800,
            "messages": [
                {"role": "system", "content": f"{_TASKS[task]} {_RULE}"},
                {"role": "user", "content": source},
            ],
        }
        try:
            answer = requests.post(
                f"{self.url.rstrip('/')}/chat/completions",
                json=asked,
                headers={"Authorization": f"Bearer {self.key}"},
                timeout=(3, self.seconds),
                allow_redirects=False,
            )
            answer.raise_for_status()
            body = answer.json()
            said = str(body["choices"][0]["message"]["content"])
            # Who does not say what it cost has used at least what was sent and said.
            used = int((body.get("usage") or {}).get("total_tokens") or len(source) + len(said))
        except (requests.RequestException, ValueError, LookupError, TypeError) as error:
            logger.warning("helper.failed: %s", type(error).__name__)
            raise HelperFailed("unavailable") from error
        return said, used

    @staticmethod
    def _used() -> int:
        with session_scope() as session:
            asked = session.execute(
                select(Event.at, Event.data).where(Event.kind == _KIND, Event.at >= _midnight())
            )
            return sum(row.data.get("tokens", 0) for row in asked)


def _midnight() -> datetime:
    """When today began in the company's zone, in UTC."""
    start = datetime.combine(today(), time(), ZoneInfo(settings().company_timezone))
    return start.astimezone(timezone.utc).replace(tzinfo=None)


@lru_cache(maxsize=1)
def helper() -> Helper:
    """The helper as the environment sets it up.

    Raises:
        SettingsError: A variable can't be used.
    """
    read = os.environ.get
    url, tokens, seconds = (read(f"KEFU_HELPER_{name}") or "" for name in ("URL", "TOKENS", "SECONDS"))
    if url and not url.startswith(("http://", "https://")):
        raise SettingsError(f"KEFU_HELPER_URL: {url!r} is no address of a server.")
    if url and not read("KEFU_HELPER_MODEL"):
        raise SettingsError("KEFU_HELPER_MODEL: not set. KEFU_HELPER_URL needs a model's name.")
    for name, value in (("TOKENS", tokens), ("SECONDS", seconds)):
        if value and not value.isdecimal():
            raise SettingsError(f"KEFU_HELPER_{name}: {value!r} is no whole number.")
    return Helper(
        url, read("KEFU_HELPER_KEY") or "", read("KEFU_HELPER_MODEL") or "",
        int(tokens or 200_000), int(seconds or 10),
    )  # fmt: skip
