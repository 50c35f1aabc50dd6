"""The models of the systems whose turns are compared: ours, and one as `rasa init` would have it."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path

import yaml

from kefu.config import ROOT
from kefu.run import builds
from kefu.run.servers import environment, python

_PIPELINE = ROOT / "bench" / "baselines" / "rasa-init.yml"
_EPOCHS = re.compile(r"Epochs: 100%[^\n\r]*\[[^\n\r]*?([\d.]+)(s/it|it/s)")


def own_model() -> Path:
    """The model of the present sources."""
    return builds.model()


def stock_model(folder: Path, epochs: int) -> Path:
    """A model of `rasa init`'s pipeline and policies on our data; how well it learned is not asked here."""
    files = [
        path for path in builds.model_inputs(ROOT) if path.suffix == ".yml" and path.name != "config.yml"
    ]
    path = folder / f"stock-{epochs}-{builds.fingerprint(ROOT, [*files, _PIPELINE])}.tar.gz"
    if not path.exists():
        draft, _, _ = train(stock_config(folder, epochs), folder)
        shutil.move(draft, path)
    return path


def stock_config(folder: Path, epochs: int) -> Path:
    """Writes the configuration of stock Rasa, with so many epochs for all that learns by epochs."""
    config = yaml.safe_load(_PIPELINE.read_text())
    for component in config["pipeline"]:
        if "epochs" in component:
            component["epochs"] = epochs
    history = {"max_history": 5, "epochs": epochs}
    config["policies"] = [
        {"name": "MemoizationPolicy"},
        {"name": "RulePolicy"},
        {"name": "UnexpecTEDIntentPolicy", **history},
        {"name": "TEDPolicy", **history, "constrain_similarities": True},
    ]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "stock.yml"
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


def train(config: Path, folder: Path) -> tuple[Path, float, float]:
    """Trains on our data from nothing.

    Returns:
        The model, the seconds that it took, and the seconds that one more epoch of all would have taken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    data = [ROOT / "data" / kind for kind in ("nlu", "rules", "stories")]
    command = python(
        "rasa", "train", "--config", config, "--domain", ROOT / "domain.yml", "--data", *data,
        "--out", folder, "--fixed-model-name", "draft",
    )  # fmt: skip
    log, started = folder / "train.log", time.monotonic()
    with open(log, "wb") as output:
        environ = environment() | {"RASA_MAX_CACHE_SIZE": "0"}
        subprocess.run(command, cwd=ROOT, env=environ, check=True, stdout=output, stderr=output)
    seconds = time.monotonic() - started
    return folder / "draft.tar.gz", seconds, epoch_seconds(log.read_bytes().decode(errors="replace"))


def epoch_seconds(log: str) -> float:
    """What one epoch of everything that learns by epochs took, by the bars that Rasa draws."""
    # A bar is drawn over itself, one line for each: what stands last in it is the whole time.
    bars = (_EPOCHS.findall(line) for line in log.split("\n"))
    last = (found[-1] for found in bars if found)
    return sum(float(number) if unit == "s/it" else 1 / float(number) for number, unit in last)
