"""``python -m kefu.run``: runs the assistant; with ``prepare``, ``train``, ``rasa ...``: a part of that."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from kefu.config import ROOT, SettingsError, settings
from kefu.run import builds
from kefu.run.ports import PortError, check
from kefu.run.servers import environment, python, servers
from kefu.run.steps import RunError, call, end, step
from kefu.run.supervise import supervise


def knowledge() -> None:
    """Brings the database to the newest schema and the graph up to ``data/knowledge``."""
    with step("Database and knowledge"):
        call(
            [sys.executable, "-m", "kefu.knowledge"],
            "The knowledge could not be loaded; the line above names the file to mend.",
            cwd=ROOT,
            env=environment(),
        )


def prepare() -> None:
    """Builds whatever is not up to date."""
    builds.page()
    knowledge()
    builds.model()


def run() -> int:
    """Prepares, then runs every server until told to stop."""
    check()  # before anything slow
    prepare()
    chosen = servers(builds.model())
    print("==> Starting the servers ...", flush=True)
    return supervise(chosen)


def shell() -> int:
    """Talks to the assistant in the terminal, with its actions."""
    check()
    knowledge()
    actions, rasa, *_ = servers(builds.model())
    endpoints = rasa.command[rasa.command.index("--endpoints") + 1]
    process = subprocess.Popen(actions.command, env=actions.environ, cwd=ROOT, start_new_session=True)
    try:
        command = python("rasa", "shell", "--model", builds.model(), "--endpoints", endpoints)
        return subprocess.run(command, env=rasa.environ, cwd=ROOT).returncode
    finally:
        end(process)


def rasa(arguments: list[str]) -> int:
    """Becomes ``rasa ARGUMENTS``, quietly; ``MODEL`` stands for the model of the present sources."""
    arguments = [str(builds.model()) if argument == "MODEL" else argument for argument in arguments]
    os.execve(sys.executable, python("rasa", *arguments), environment())


def explain(arguments: list[str]) -> int:
    """Becomes ``python -m kefu.nlu.explain ARGUMENTS`` with the model of the present sources."""
    knowledge()
    command = python("kefu.nlu.explain", "--model", builds.model(), *arguments)
    os.execve(sys.executable, command, environment())


def npm(arguments: list[str]) -> int:
    """Runs ``npm ARGUMENTS`` on the page, with the Node that builds it."""
    folder = builds.node_folder(ROOT / "web")
    return subprocess.run(
        [folder / "npm", *arguments], cwd=ROOT / "web", env=builds.node_environment(folder)
    ).returncode


COMMANDS = {
    "run": run,
    "prepare": prepare,
    "page": builds.page,
    "train": lambda: print(f"Model: {builds.model().relative_to(ROOT)}"),
    "shell": shell,
}
PASSED_ON = {"rasa": rasa, "npm": npm, "explain": explain}


def main(arguments: list[str]) -> int:
    """Runs one command; what the caller must mend is one sentence, an interruption none."""

    def stop(*_) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    name, *rest = arguments or ["run"]
    try:
        settings()  # a wrong variable is named before anything slow
        if name in PASSED_ON:
            return PASSED_ON[name](rest)
        if name not in COMMANDS or rest:
            known = ", ".join((*COMMANDS, *(f"{name} ..." for name in PASSED_ON)))
            raise RunError(f"There is no such command; known are {known}")
        result = COMMANDS[name]()
        return result if isinstance(result, int) else 0
    except (RunError, PortError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", flush=True)
        return 0 if name == "run" else 130


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
