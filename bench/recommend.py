"""``python -m bench.recommend FILE``: ours against popularity and item-kNN (``make bench-recommend``).

Any file of (customer, item, time): comma or tab separated, with a header. The history is cut at a moment:
what came before is learned from, what came after is to be foretold. Customers of whom nothing was known
before are scored apart. All methods recommend under the same rule on things that a customer has had already.

Then offers: how soon two ways to learn from what customers do find the better ones (simulated, with a seed).
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender
from scipy import sparse

from bench.offers import regrets
from bench.report import Goal, finish, heading, table
from kefu.recommendations.filtering import Interactions, Model, fit, popularity, top, wanted_of

_GAIN, _ROWS = 1.2, 500
_COLUMNS = {
    "customer": (
        "customer",
        "customerid",
        "customer_id",
        "user",
        "userid",
        "user_id",
        "user_id:token",
        "uid",
    ),
    "item": (
        "item",
        "itemid",
        "item_id",
        "item_id:token",
        "movieid",
        "stockcode",
        "product",
        "product_id",
        "sku",
    ),
    "time": ("time", "timestamp", "timestamp:float", "date", "invoicedate", "at", "ts"),
}

Scorer = Callable[[sparse.csr_matrix, np.ndarray], np.ndarray]


def read(path: Path, names: dict[str, str | None]) -> tuple[Interactions, list[str]]:
    """The interactions of a file, and the items' names.

    Raises:
        SystemExit: A column or a time can't be read; says which and in which line.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="", errors="replace") as file:
        first = file.readline()
        file.seek(0)
        delimiter = max("\t,;|", key=first.count)
        rows = csv.reader(file, delimiter=delimiter)
        header = [name.strip().lower() for name in next(rows, [])]
        columns = [_column(header, kind, names[kind], path) for kind in _COLUMNS]
        users, items, times = {}, {}, []
        pairs = []
        for line, row in enumerate(rows, start=2):
            if len(row) <= max(columns) or not row[columns[0]].strip():
                continue  # anonymous purchases are nobody's history
            user, item, time = (row[column].strip() for column in columns)
            times.append(_moment(time, f"{path.name}, line {line}"))
            pairs.append((users.setdefault(user, len(users)), items.setdefault(item, len(items))))
    if not pairs:
        raise SystemExit(f"{path.name}: has no rows")
    found = np.array(pairs)
    shape = (len(users), len(items))
    return Interactions(found[:, 0], found[:, 1], np.array(times), shape), list(items)


def _column(header: list[str], kind: str, named: str | None, path: Path) -> int:
    wanted = (named.lower(),) if named else _COLUMNS[kind]
    for name in wanted:
        if name in header:
            return header.index(name)
    raise SystemExit(
        f"{path.name}: no column for the {kind}; its header has {', '.join(header)}. Say --{kind} NAME"
    )


def _moment(text: str, where: str) -> float:
    for reading in (float, lambda value: datetime.fromisoformat(value).timestamp()):
        try:
            return reading(text)
        except ValueError:
            continue
    for form in ("%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y", "%Y/%m/%d", "%m/%d/%y %H:%M"):
        try:
            return datetime.strptime(text, form).timestamp()
        except ValueError:
            continue
    raise SystemExit(f"{where}: {text!r} is no time")


def methods(past: Interactions, model: Model) -> Iterator[tuple[str, Scorer]]:
    """What is compared, by name: each scores rows of the history, whose customers it is also told."""
    plain, had = popularity(past, 1e9), past.counts()
    yield "popularity", lambda history, _: np.broadcast_to(plain, history.shape).astype(np.float32)
    for name, rival in (("item-kNN", CosineRecommender(K=100)), ("item-kNN BM25", BM25Recommender(K=100))):
        rival.fit((had > 0).astype(np.float32), show_progress=False)
        near = rival.similarity.tocsr()
        yield name, lambda history, _, near=near: np.asarray((history @ near).todense(), dtype=np.float32)
    yield "ours", lambda history, _: model.scores(history)


def measured(
    scorer: Scorer, history: sparse.csr_matrix, wanted: sparse.csr_matrix, repeats: bool
) -> dict[str, float]:
    """Recall@5 and @10, NDCG@10 and the part of all items that somebody was recommended."""
    recall5, recall10, gain, seen = [], [], [], set()
    discounts = 1 / np.log2(np.arange(2, 12))
    for start in range(0, wanted.shape[0], _ROWS):
        rows = slice(start, start + _ROWS)
        some, goal = history[rows], np.asarray(wanted[rows].todense()) > 0
        scores = np.array(scorer(some, np.arange(start, start + goal.shape[0])))
        if not repeats:
            scores[some.nonzero()] = -np.inf
        order = top(scores, 10)
        hits = np.take_along_axis(goal, order, axis=1)
        total = goal.sum(axis=1)
        recall5.append(hits[:, :5].sum(axis=1) / np.minimum(total, 5))
        recall10.append(hits.sum(axis=1) / np.minimum(total, 10))
        best = np.concatenate([[0], np.cumsum(discounts)])[np.minimum(total, 10)]
        gain.append(hits @ discounts[: hits.shape[1]] / best)
        seen.update(np.unique(order))
    means = (float(np.concatenate(part).mean()) for part in (recall5, recall10, gain))
    return dict(zip(("recall@5", "recall@10", "ndcg@10"), means, strict=True)) | {
        "coverage": len(seen) / wanted.shape[1]
    }


def main() -> int:
    """Prints the tables and the goals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?")
    for kind in _COLUMNS:
        parser.add_argument(f"--{kind}", help=f"header of the column with the {kind}")
    parser.add_argument("--test", type=float, default=0.2, help="last part of the history that is foretold")
    options = parser.parse_args()
    goals = []
    if options.file:
        goals += compare(options)
    goals += regrets()
    finish("recommend", goals)
    return 0 if all(goal.ok for goal in goals) else 1


def compare(options: argparse.Namespace) -> list[Goal]:
    """All methods on one file."""
    everything, items = read(options.file, {kind: getattr(options, kind) for kind in _COLUMNS})
    cut = np.quantile(everything.times, 1 - options.test)
    past, later = everything.where(everything.times < cut), everything.where(everything.times >= cut)
    if not len(past.times) or not len(later.times):
        raise SystemExit(f"{options.file.name}: all of it happened at one time")
    model = fit(past, items)
    history = past.counts()
    wanted = wanted_of(later, history, model.repeats)
    has_past, has_later = np.diff(history.indptr) > 0, np.diff(wanted.indptr) > 0
    groups = {"known customers": has_past & has_later, "new customers (cold start)": ~has_past & has_later}
    print(f"{len(everything.times)} interactions, {len(items)} items, {everything.shape[0]} customers; "
          f"blend {', '.join(f'{name} {weight:g}' for name, weight in model.weights.items())}; "
          f"repeats {'count' if model.repeats else 'are left out'}")  # fmt: skip
    results: dict[str, dict[str, dict[str, float]]] = {}
    for group, mask in groups.items():
        rows = np.flatnonzero(mask)
        heading(f"{group}: {len(rows)}")
        if not len(rows):
            continue
        results[group] = {
            name: measured(scorer, history[rows], wanted[rows], model.repeats)
            for name, scorer in methods(past, model)
        }
        table(["", *results[group]["ours"]], [[name, *row.values()] for name, row in results[group].items()])
    return list(_goals(results, list(groups)))


def _goals(results: dict[str, dict[str, dict[str, float]]], groups: list[str]) -> Iterator[Goal]:
    for group in groups:
        if group not in results:
            continue
        found = {name: row["ndcg@10"] for name, row in results[group].items()}
        ours, short = found.pop("ours"), "known" if group == groups[0] else "new"
        if short == "known":
            yield Goal.at_least("NDCG@10, known, 20 % over popularity", ours, _GAIN * found["popularity"])
        yield Goal.at_least(f"NDCG@10, {short}, the best baseline", ours, max(found.values()))


if __name__ == "__main__":
    raise SystemExit(main())
