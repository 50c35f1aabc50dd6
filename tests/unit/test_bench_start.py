"""The benchmark of starts compares with stock Rasa, and tells what a full training of it would take."""

from __future__ import annotations

import pytest
import yaml

from bench.start import goals, main
from bench.turn_models import epoch_seconds, stock_config

# As Rasa writes it: a bar drawn over itself, other output between two bars.
LOG = (
    "2026-11-22 INFO  training\n"
    "Epochs:   0%|          | 0/2 [00:00<?, ?it/s]\rEpochs:  50%|#####     | 1/2 [00:40<00:40, 40.00s/it]"
    "\rEpochs: 100%|##########| 2/2 [01:20<00:00, 40.50s/it]\n"
    "Epochs: 100%|##########| 2/2 [00:01<00:00, 2.00it/s]\rEpochs: 100%|###| 2/2 [00:00<00:00, 4.00it/s]\n"
)


def test_an_epoch_takes_what_the_bars_of_all_models_say():
    assert epoch_seconds(LOG) == pytest.approx(40.75) and epoch_seconds("") == 0


def test_start_and_memory_have_goals_where_stock_was_measured():
    ours = {"s, start to first answer": 10.0, "MB, Rasa server": 700.0, "MB, action server": 250.0}
    assert goals({"ours": ours}) == []
    stock = {"s, start to first answer": 20.0, "MB, Rasa server": 1000.0, "MB, action server": 250.0}
    assert [(goal.value, goal.goal, goal.ok) for goal in goals({"stock": stock, "ours": ours})] == [
        (0.5, 0.6, True), (0.7, 0.6, False),
    ]  # fmt: skip


def test_the_last_line_is_for_machines(monkeypatch, capsys, tmp_path):
    figures = {"stock": 30.0, "ours": 15.0}
    keys = ("s, start to first answer", "MB, Rasa server", "MB, action server")
    monkeypatch.setattr("bench.start.measure", lambda name, model: dict.fromkeys(keys, figures[name]))
    monkeypatch.setattr("bench.start.own_model", lambda: tmp_path / "own.tar.gz")
    monkeypatch.setattr("bench.start.training", lambda name, epochs: figures[name] * 10)
    assert main(["--rounds", "2", "--train", "--stock-model", str(tmp_path / "stock.tar.gz")]) == 0
    printed = capsys.readouterr().out
    last = yaml.safe_load(printed.splitlines()[-1])
    assert last["bench"] == "start" and [goal["ok"] for goal in last["goals"]] == [True, True]
    assert "reckoned to 20" in printed and "training from nothing" in printed


def test_all_that_learns_by_epochs_gets_as_many(tmp_path):
    config = yaml.safe_load(stock_config(tmp_path, 7).read_text())
    parts = [*config["pipeline"], *config["policies"]]
    assert [part["epochs"] for part in parts if "epochs" in part] == [7, 7, 7]
