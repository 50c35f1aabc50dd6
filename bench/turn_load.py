"""Customers who talk to a Rasa server, and what they saw."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass
from itertools import cycle

import aiohttp

from bench.turn_servers import System, median, quantile

#: Candidates for each kind of turn; a system is asked those that it understands. A rule turn ends in a
#: response, an action turn in an action that reads only what it was sent.
_CANDIDATES = {
    "rule": {
        "greet": ("你好", "您好", "在吗", "hello", "早上好"),
        "thank": ("谢谢", "谢谢你", "多谢", "非常感谢", "thanks"),
        "goodbye": ("再见", "拜拜", "bye", "先这样吧", "下次再聊"),
        "bot_challenge": ("你是机器人吗", "你是真人吗", "是人工还是机器"),
        "ask_capabilities": ("你能做什么", "你会什么", "你都能干啥"),
    },
    "action": {
        "repeat_answer": ("再说一遍", "没听懂", "没看懂", "什么意思", "再讲一遍", "啥意思", "能再说一遍吗")
    },
}


@dataclass(frozen=True)
class Load:
    """What a crowd saw: seconds per turn, turns per second, processor seconds per turn."""

    seconds: tuple[float, ...]
    per_second: float
    cpu: float

    def ms(self, share: float) -> float:
        return quantile(self.seconds, share) * 1000


class Crowd:
    """Customers of one system."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.messages: dict[str, list[str]] = {}
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Crowd:
        connector = aiohttp.TCPConnector(limit=0)
        self._http = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=120))
        for kind, intents in _CANDIDATES.items():
            understood = [
                text
                for intent, texts in intents.items()
                for text in texts
                if await self._intent(text) == intent
            ]
            # A model that learned too little gets the intent itself, which costs it less than a text.
            self.messages[kind] = understood or [f"/{intent}" for intent in intents]
        return self

    async def __aexit__(self, *_) -> None:
        await self._http.close()

    async def say(self, sender: str, text: str) -> float:
        """One turn; returns its seconds.

        Raises:
            RuntimeError: It was not answered.
        """
        started = time.perf_counter()
        message = {"sender": sender, "message": text}
        async with self._http.post(f"{self.system.url}/webhooks/rest/webhook", json=message) as answer:
            said = await answer.json()
        if answer.status != 200 or not said:
            raise RuntimeError(f"{self.system.name} did not answer {text!r} ({answer.status})")
        return time.perf_counter() - started

    async def customers(self, count: int, seconds: float, kind: str = "rule") -> Load:
        """So many talk at once, each waiting for the answer to the last message."""
        taken: list[float] = []
        until = time.perf_counter() + seconds

        async def customer(number: int) -> None:
            sender = uuid.uuid4().hex
            texts = cycle(self.messages[kind][number % len(self.messages[kind]) :] + self.messages[kind])
            while time.perf_counter() < until:
                taken.append(await self.say(sender, next(texts)))

        cpu, started = self.system.cpu_seconds(), time.perf_counter()
        await asyncio.gather(*map(customer, range(count)))
        elapsed = time.perf_counter() - started
        return Load(tuple(taken), len(taken) / elapsed, (self.system.cpu_seconds() - cpu) / len(taken))

    async def talk(self, sender: str, turns: int, kind: str = "rule") -> list[float]:
        """One customer's next turns, one after the other."""
        texts = cycle(self.messages[kind])
        return [await self.say(sender, next(texts)) for _ in range(turns)]

    async def second_of_two(self, rounds: int = 5) -> float:
        """Seconds until the second of two messages sent at once is answered."""
        found = []
        for _ in range(rounds):
            sender = uuid.uuid4().hex
            await self.talk(sender, 2)
            both = await asyncio.gather(*(self.say(sender, text) for text in (self.messages["rule"] * 2)[:2]))
            found.append(max(both))
        return median(found)

    async def _intent(self, text: str) -> str:
        async with self._http.post(f"{self.system.url}/model/parse", json={"text": text}) as answer:
            return (await answer.json())["intent"]["name"]
