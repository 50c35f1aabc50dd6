"""``python -m bench.search``: whether the right answer is found (``make bench-search``).

Without arguments the company's own knowledge is asked, once as the assistant asks (with the names in the
question, the product spoken of before and the intent) and once by the words alone (plain), which is how the
rivals search the same texts. Only the latter two compare like with like.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.confidence import calibrate, show_confidence
from bench.corpora import (
    FileError,
    Query,
    entries_of,
    large_corpus,
    mentions_of,
    read_entries,
    read_queries,
)
from bench.report import Goal, finish, heading, table
from bench.rivals import Search, rivals
from kefu.config import ROOT, settings
from kefu.knowledge.entries import Catalog, Found, kept_vectors
from kefu.knowledge.matcher import NameMatcher
from kefu.knowledge.meaning import embed, forget
from kefu.knowledge.search import Entry, Index

_DEPTH = 10
_TESTS = ROOT / "tests" / "search"
#: How far above the best of the others ours is to be.
_MARGIN = 0.05
#: Up to how many entries, how long the slowest twentieth of searches may take in ms.
_TIMES = ((10_000, 20.0), (200_000, 60.0), (10**9, 300.0))
_PLAIN, _FULL = "ours, plain", "ours, as the assistant asks"


@dataclass(frozen=True)
class Ranking:
    """How well one way to search did: shares between 0 and 1, times in ms."""

    hit1: float
    hit3: float
    mrr: float
    p50_ms: float
    p95_ms: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; a goal that is missed is reported, it is no failure."""
    options = _options(arguments)
    embed("预热")
    try:
        if options.size:
            goals = _sized(options)
        elif options.corpus:
            goals = _given_all(options)
        else:
            goals = _goals(_own(options))
    except (FileError, OSError) as error:
        print(error)
        return 1
    if goals:
        finish("search", goals)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--corpus", type=Path, nargs="+", help="JSONL or CSV: id, question, answer, also; one or several"
    )
    parser.add_argument(
        "--queries",
        type=Path,
        nargs="+",
        help="JSONL or CSV: query, ids (or id), product, intent; one for each",
    )
    parser.add_argument(
        "--size", type=int, help="search among so many entries, made from sentences of our own files"
    )
    parser.add_argument(
        "--errors", action="store_true", help="list every question that was not answered right"
    )
    parser.add_argument(
        "--calibrate", action="store_true", help="fit the confidence on the development questions"
    )
    options = parser.parse_args(arguments)
    if options.corpus and len(options.queries or ()) != len(options.corpus):
        parser.error("--corpus needs --queries, the questions to ask, for each corpus")
    return options


def _given_all(options: argparse.Namespace) -> list[Goal]:
    """Asks several corpora, and tells where ours is least above the best of the others."""
    goals, margins = [], {}
    for corpus, asked in zip(options.corpus, options.queries, strict=True):
        rankings = _given(options, corpus, asked)
        others = max(ranking.hit1 for name, ranking in rankings.items() if name != _PLAIN)
        margins[corpus.name] = rankings[_PLAIN].hit1 - others
        goals += _goals(rankings)
    worst = min(margins, key=lambda name: margins[name])
    heading("hit@1 above the best of the others")
    table(("corpus", "margin"), margins.items())
    return [*goals, Goal.at_least(f"worst margin of hit@1 ({worst})", margins[worst], _MARGIN)]


def _sized(options: argparse.Namespace) -> list[Goal]:
    """Asks a large corpus: how long it takes, in how much memory, and whether the rivals do better."""
    entries, queries = large_corpus(options.size)
    index = _timed(lambda: Index(entries, _kept(entries)))
    rankings = _compare(options, entries, queries, {_PLAIN: _plain(index)})
    limit = next(ms for size, ms in _TIMES if options.size <= size)
    return [*_goals(rankings), Goal.at_most("p95 ms", rankings[_PLAIN].p95_ms, limit)]


def _kept(entries: Sequence[Entry]) -> Callable[[Sequence[str]], np.ndarray]:
    """Keeps the vectors of a large corpus between runs."""
    return lambda texts: kept_vectors(texts, settings().var_dir / f"bench-{len(entries)}")


def _given(options: argparse.Namespace, corpus: Path, asked: Path) -> dict[str, Ranking]:
    """Asks anyone's corpus, by the words alone."""
    entries, queries = read_entries(corpus), read_queries(asked)
    if not entries or not queries:
        raise FileError(f"{corpus if not entries else asked}: is empty")
    ids = {entry.id for entry in entries}
    for query in queries:
        if unknown := query.ids - ids:
            raise FileError(f"{asked}: {query.text!r} names {sorted(unknown)[0]!r}, not in the corpus")
    heading(corpus.name)
    index = _timed(lambda: Index(entries))
    return _compare(options, entries, queries, {_PLAIN: _plain(index)})


def _own(options: argparse.Namespace) -> dict[str, Ranking]:
    """Asks the company's knowledge, as the assistant does and by the words alone."""
    from kefu.db import migrate
    from kefu.knowledge.load import load
    from kefu.knowledge.service import read_graph

    migrate()
    load()
    _, graph = read_graph()
    catalog = _timed(lambda: Catalog(graph))
    matcher, entries = NameMatcher(graph), entries_of(catalog)

    def ask(query: Query, limit: int) -> list[Found]:
        return catalog.find(query.text, mentions_of(query, catalog, matcher), query.intent, limit)

    if options.calibrate:
        calibrate(ask, read_queries(_TESTS / "development.jsonl"), entries)
        return {}
    queries = read_queries(options.queries[0] if options.queries else _TESTS / "unseen.jsonl")
    known = {query.text: query for query in queries}

    def full(question: str, limit: int) -> list[str]:
        return [found.fact.ref for found in ask(known[question], limit)]

    rankings = _compare(options, entries, queries, {_FULL: full, _PLAIN: _plain(catalog._index)})
    show_confidence("these questions", [(query, ask(query, 1)) for query in queries])
    if options.queries is None:
        development = read_queries(_TESTS / "development.jsonl")
        show_confidence("the development questions", [(query, ask(query, 1)) for query in development])
    return rankings


def _timed(build: Callable[[], Any]) -> Any:
    """Builds an index and says what it took."""
    before, started = _peak(), time.perf_counter()
    built = build()
    seconds = time.perf_counter() - started
    print(f"index built in {seconds:.1f} s, with {_peak() - before:.0f} MB more memory", flush=True)
    return built


def _peak() -> float:
    """Most memory that this process has used so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _plain(index: Index) -> Search:
    return lambda question, limit: [hit.id for hit in index.search(question, limit)]


def _compare(
    options: argparse.Namespace, entries: Sequence[Entry], queries: Sequence[Query], ours: dict[str, Search]
) -> dict[str, Ranking]:
    answerable = [query for query in queries if query.ids]
    searches = {**ours, **rivals(entries)}
    rankings = {name: rank(search, answerable) for name, search in searches.items()}
    heading(f"{len(answerable)} questions that have an answer, {len(entries)} entries")
    rows = [(name, r.hit1, r.hit3, r.mrr, r.p50_ms, r.p95_ms) for name, r in rankings.items()]
    table(("", "hit@1", "hit@3", "MRR", "p50 ms", "p95 ms"), rows)
    if options.errors:
        heading("Not answered right at first")
        search = next(iter(ours.values()))
        for query in answerable:
            found = search(query.text, 3)
            if not found or found[0] not in query.ids:
                print(f"{query.text}\n    wanted {sorted(query.ids)}\n    found  {found}")
    return rankings


def rank(search: Search, queries: Sequence[Query]) -> Ranking:
    """Asks each question once; the place of the first right entry counts, down to the tenth."""
    places, seconds = [], []
    for query in queries:
        forget()  # no customer finds the question embedded already
        started = time.perf_counter()
        found = search(query.text, _DEPTH)
        seconds.append(time.perf_counter() - started)
        places.append(next((place for place, id_ in enumerate(found, 1) if id_ in query.ids), np.inf))
    at = np.array(places)
    p50, p95 = np.percentile(seconds, (50, 95)) * 1000
    return Ranking(float(np.mean(at <= 1)), float(np.mean(at <= 3)), float(np.mean(1 / at)), p50, p95)


def _goals(rankings: dict[str, Ranking]) -> list[Goal]:
    goals = []
    for name in [name for name in (_FULL, _PLAIN) if name in rankings]:
        ours = rankings[name]
        for rival in [name for name in rankings if name.startswith(("BM25", "TF-IDF"))]:
            goals.append(Goal.above(f"hit@1 of {name} above {rival}", ours.hit1, rankings[rival].hit1))
            goals.append(Goal.above(f"hit@3 of {name} above {rival}", ours.hit3, rankings[rival].hit3))
            goals.append(Goal.above(f"MRR of {name} above {rival}", ours.mrr, rankings[rival].mrr))
    return goals


if __name__ == "__main__":
    raise SystemExit(main())
