"""``python -m bench.nlu``: how well messages are understood (``make bench-nlu``).

Ours is scored on a test file that nobody trained on, and by cross-validation over the training data; on the
same training data and test file stand two published configurations (bench/baselines/). Goals are for messages
that do not stand in the training data: a customer's "ok" is in every file. Models are kept in ``var/bench``;
the first run trains the baselines for about an hour.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from bench.data import folds, lines, messages, part, texts_of
from bench.models import parse, trained
from bench.report import Goal, finish, heading, table
from bench.scores import Parsed, Scores, confused, score
from kefu.config import ROOT
from kefu.knowledge.categories import kind_of
from kefu.language.normalize import fold

BASELINES = {path.stem: path for path in sorted((ROOT / "bench" / "baselines").glob("*.yml"))}
_COLUMNS = ("", "intent", "before fallback", "macro F1", "kind", "out of scope", "false fallback",
            "entity F1", "overlap F1", "ms", "MB")  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark; a goal that is missed is reported, it is no failure."""
    options = _options(arguments)
    _load_knowledge()
    tests = messages(options.data)
    baselines = [BASELINES[name] for name in options.baselines]
    if options.share > 1:
        options.train = part(options.train, options.share)
    known = texts_of(options.train)
    scores: dict[Path, Scores] = {}
    every, fresh, ours = [], [], []
    for config in (*options.config, *baselines):
        model = trained(config, options.train)
        print(f"{config.stem}: {model.origin}", flush=True)
        parsed = parse(model, tests)
        unknown = [p for p in parsed if fold(p.text) not in known] or parsed
        scores[config] = score(unknown, kind_of)
        every.append(_row(config.stem, score(parsed, kind_of), model.megabytes))
        fresh.append(_row(config.stem, scores[config], model.megabytes))
        ours = ours or unknown
    heading(f"{options.data}: all {len(tests)} messages, trained on {len(known)} of {options.train}")
    table(_COLUMNS, every)
    heading(
        f"{len(ours)} of them: those which the training data has not word for word; the goals are for these"
    )
    table(_COLUMNS, fresh)
    first = scores[options.config[0]]
    _details(ours, first)
    if options.errors:
        _errors(ours, lines(options.data))
    if options.folds > 1:
        _cross_validate(options)
    finish("nlu", _goals(first, {config.stem: scores[config] for config in baselines}))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.nlu", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=_existing, default=ROOT / "tests" / "nlu" / "unseen.yml",
                        help="test messages in Rasa's NLU format, a file or a folder")  # fmt: skip
    parser.add_argument("--train", type=_existing, default=ROOT / "data" / "nlu", help="what to train on")
    parser.add_argument("--config", type=_existing, nargs="+", default=[ROOT / "config.yml"],
                        help="configurations to score; the goals are for the first")  # fmt: skip
    parser.add_argument("--baselines", default="all", help=f"all, none, or one of {', '.join(BASELINES)}")
    parser.add_argument("--folds", type=int, default=5, help="parts of the cross-validation; 0 for none")
    parser.add_argument("--share", type=int, default=1, metavar="N", help="train on one in N examples only")
    parser.add_argument("--errors", action="store_true", help="list every message that was misunderstood")
    options = parser.parse_args(arguments)
    named = {"all": list(BASELINES), "none": []}.get(options.baselines, [options.baselines])
    if unknown := [name for name in named if name not in BASELINES]:
        choices = ", ".join(["all", "none", *BASELINES])
        parser.error(f"--baselines: there is no {unknown[0]!r}; choose one of {choices}")
    if not messages(options.data):
        parser.error(f"--data: {options.data} holds no message with an intent")
    options.baselines = named
    return options


def _existing(name: str) -> Path:
    path = Path(name).resolve()
    if not path.exists():
        raise argparse.ArgumentTypeError(f"there is no {name}")
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _load_knowledge() -> None:
    from kefu.db import migrate
    from kefu.knowledge.load import load

    migrate()
    load()


def _row(name: str, s: Scores, megabytes: float) -> tuple:
    entities = s.entities
    return (name, s.accuracy, s.accuracy_before_fallback, s.macro_f1, s.kind_accuracy, s.out_of_scope_recall,
            s.false_fallback, entities.total.f1, entities.relaxed.f1, s.p50_ms, megabytes)  # fmt: skip


def _details(parsed: Sequence[Parsed], s: Scores) -> None:
    heading("Entities, exact type and span")
    by_number = sorted(s.entities.exact.items(), key=lambda item: -item[1].right - item[1].missed)
    rows = [(name, c.precision, c.recall, c.f1, c.right + c.missed) for name, c in by_number]
    table(("", "precision", "recall", "F1", "number"), rows)
    heading("Intents most often mixed up")
    table(("annotated", "understood", "times"), confused(parsed))


def _errors(parsed: Sequence[Parsed], places: dict[str, str]) -> None:
    heading("Misunderstood")
    for p in parsed:
        place = places.get(p.text, "")
        if p.intent != p.predicted:
            print(f"{place}: {p.intent} -> {p.predicted} ({p.best} {p.confidence:.2f}): {p.text}")
        for sign, spans in (("-", p.entities - p.found), ("+", p.found - p.entities)):
            for span in sorted(spans):
                print(f"{place}: {sign} {span.entity} [{p.text[span.start : span.end]}]: {p.text}")


def _cross_validate(options: argparse.Namespace) -> None:
    config = options.config[0]
    parsed: list[Parsed] = []
    for path, left_out in folds(options.train, options.folds):
        model = trained(config, path)
        print(f"{path.stem}: {model.origin}", flush=True)
        parsed += parse(model, left_out)
    heading(f"{options.folds}-fold cross-validation over {options.train}: {len(parsed)} different messages")
    table(_COLUMNS[:-1], [_row(config.stem, score(parsed, kind_of), 0.0)[:-1]])
    if options.errors:
        _errors(parsed, lines(options.train))


def _goals(ours: Scores, baselines: dict[str, Scores]) -> list[Goal]:
    rivals = {f"intent accuracy above {name}": scores.accuracy for name, scores in baselines.items()}
    return [
        Goal.at_least("intent accuracy", ours.accuracy, 0.90),
        Goal.at_least("kind accuracy", ours.kind_accuracy, 0.95),
        Goal.at_least("entity F1", ours.entities.total.f1, 0.90),
        Goal.at_least("out-of-scope recall", ours.out_of_scope_recall, 0.85),
        Goal.at_most("false fallback", ours.false_fallback, 0.05),
        *(Goal.above(name, ours.accuracy, accuracy) for name, accuracy in rivals.items()),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
