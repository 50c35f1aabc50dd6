"""How long large amounts take: many entries fused, a long PDF read (``make bench-extract ARGS=--size``)."""

from __future__ import annotations

import resource
import tempfile
import time
from itertools import count, islice
from pathlib import Path

from bench.report import heading, table
from kefu.knowledge.comparison import Described
from kefu.knowledge.extraction.examples import Example
from kefu.knowledge.extraction.readers import read
from kefu.knowledge.extraction.service import extract
from kefu.knowledge.extraction.training import texts
from kefu.knowledge.fusion import clusters
from tests.unit.documents import write_pdf

_ENTRIES, _PAGES, _LINES = 10_000, 300, 20


def measure() -> None:
    """Prints times, and the most memory that the process ever took."""
    examples = texts()
    heading("Large amounts")
    rows = [_fused(examples), *_read(examples)]
    table(("", "number", "found", "seconds", "peak memory, MB"), rows)


def _fused(examples: list[Example]) -> tuple[str, int, int, float, float]:
    """Every name that the examples know, said of as many lines as it takes."""
    names = list(
        dict.fromkeys((one.kind, e.text[one.start : one.end], e.trade) for e in examples for one in e.labels)
    )
    entries = list(
        islice(
            (Described(kind, name, line=f"{trade}/{i}") for i in count() for kind, name, trade in names),
            _ENTRIES,
        )
    )
    started = time.perf_counter()
    groups = clusters(entries)
    return "entries fused", len(entries), len(groups), time.perf_counter() - started, _memory()


def _read(examples: list[Example]) -> list[tuple[str, int, int, float, float]]:
    """Pages of running text under headings."""
    lines = [line for e in examples if not e.section for line in e.text.split("\n") if line.strip()]
    pages = [
        [(f"{page + 1}.1", 20), *((lines[(page * _LINES + i) % len(lines)][:36], 12) for i in range(_LINES))]
        for page in range(_PAGES)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = write_pdf(Path(folder) / "long.pdf", pages)
        started = time.perf_counter()
        document = read(path)
        seconds = time.perf_counter() - started
    found = ("pages of a PDF as blocks", _PAGES, len(document.blocks), seconds, _memory())
    started = time.perf_counter()
    candidates = extract(document)
    return [found, ("what they name", _PAGES, len(candidates), time.perf_counter() - started, _memory())]


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
