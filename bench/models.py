"""Models under test: trained once for each content of configuration, data and components, then kept."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.scores import FALLBACK, Parsed, Span
from kefu.config import ROOT, settings

_COMPONENTS = ("nlu", "language", "knowledge")


@dataclass(frozen=True)
class Model:
    """A trained model.

    Attributes:
        path: Its archive.
        seconds: How long the training took; none when the model was there already.
    """

    path: Path
    seconds: float | None

    @property
    def origin(self) -> str:
        """For people: where the model came from."""
        return "from the cache" if self.seconds is None else f"trained in {self.seconds:.0f} s"

    @property
    def megabytes(self) -> float:
        """Size of the archive."""
        return self.path.stat().st_size / 1e6


def trained(config: Path, data: Path) -> Model:
    """The NLU part of ``config`` trained on ``data``, from ``var/bench`` if nothing changed since.

    Raises:
        RuntimeError: Rasa trained no model.
    """
    folder = settings().var_dir / "bench" / "models"
    # Rasa takes what follows a dot in a model's name for a suffix.
    name = f"{config.stem}-{fingerprint(config, data)}".replace(".", "-")
    path = folder / f"{name}.tar.gz"
    if path.exists():
        return Model(path, None)
    # Another process that trains the same model writes a draft of its own.
    draft = f"draft-{os.getpid()}-{path.name}"
    started = time.monotonic()
    _train(config, data, folder, draft)
    if not (folder / draft).exists():
        raise RuntimeError(f"Rasa trained no model from {config} and {data}.")
    (folder / draft).replace(path)
    return Model(path, time.monotonic() - started)


def fingerprint(config: Path, data: Path) -> str:
    """A name for everything that decides what is learned; ours also learns from names and code."""
    content = config.read_bytes()
    files = [data] if data.is_file() else sorted(data.rglob("*.yml"))
    if b"kefu." in content:
        for package in _COMPONENTS:
            files += sorted((ROOT / "kefu" / package).rglob("*.py"))
        files += sorted(file for file in settings().knowledge_dir.rglob("*") if file.is_file())
    digest = hashlib.sha256(_without_comments(content) + version("rasa").encode())
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _without_comments(content: bytes) -> bytes:
    """A reworded comment or another policy needs no training."""
    lines = content.decode().split("\npolicies:")[0].splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#")).encode()


def _train(config: Path, data: Path, folder: Path, name: str) -> None:
    # Rasa keeps parts of trainings of its own; whole models are kept here.
    os.environ["RASA_MAX_CACHE_SIZE"] = "0"
    from rasa.model_training import train_nlu

    _quiet()
    train_nlu(str(config), str(data), str(folder), fixed_model_name=name.removesuffix(".tar.gz"))


def parse(model: Model, messages: Sequence) -> list[Parsed]:
    """Parses test messages one by one, as they would come from a channel.

    Args:
        model: Loaded into this process.
        messages: Rasa messages with text, intent and, where annotated, entities.
    """
    from rasa.core.agent import Agent

    _quiet()
    agent = Agent.load(model.path)

    async def run() -> list[Parsed]:
        await agent.parse_message("预热")
        return [await _parse_one(agent, message) for message in messages]

    return asyncio.run(run())


def _quiet() -> None:
    """Keeps Rasa from printing every message that it parses."""
    from rasa.utils.log_utils import configure_structlog

    logging.getLogger("rasa").setLevel(logging.ERROR)
    configure_structlog(logging.ERROR)


async def _parse_one(agent, message) -> Parsed:
    started = time.perf_counter()
    answer = await agent.parse_message(message.get("text"))
    seconds = time.perf_counter() - started
    ranking = [*answer.get("intent_ranking", ()), answer["intent"]]
    best = next((i for i in ranking if i["name"] != FALLBACK), answer["intent"])
    return Parsed(
        text=message.get("text"),
        intent=message.get("intent"),
        predicted=answer["intent"]["name"] or "",
        best=best["name"] or "",
        confidence=best["confidence"],
        entities=_spans(message.get("entities") or ()),
        found=_spans(answer["entities"]),
        seconds=seconds,
    )


def _spans(entities: Sequence[dict]) -> frozenset[Span]:
    return frozenset(Span(e["entity"], e["start"], e["end"]) for e in entities)
