"""Plain `rasa` commands in the project's environment, as trainers type them.

`-m` names a trained model, which spares another training; the data folder is the test's own, and
`--endpoints` leads to an action server that no other program can have started before.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from kefu.config import ROOT
from kefu.run.servers import endpoints, environment
from kefu.run.steps import end

SECONDS = 300  # loading a model, on a machine that is busy with other tests too
RASA = Path(sys.executable).with_name("rasa")
_CONTROLS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|\r")


@pytest.fixture
def environ(tmp_path):
    """As in a terminal after `. .venv/bin/activate`, without a display."""
    path = os.pathsep.join([str(RASA.parent), os.environ["PATH"]])
    environ = environment() | {"PATH": path, "KEFU_VAR_DIR": str(tmp_path / "var"), "TERM": "xterm"}
    return {name: value for name, value in environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}


@pytest.fixture(autouse=True)
def tree():
    """Whatever a command writes it writes where it is told, or where git looks away."""
    before = _untracked()
    yield
    assert _untracked() <= before


def _untracked():
    command = ["git", "ls-files", "--others", "--exclude-standard"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if found.returncode:
        pytest.skip("not a git checkout")
    # Other tests may be written while these run.
    return {name for name in found.stdout.splitlines() if not name.startswith(("tests/", "docs/"))}


class Terminal:
    """A command in a terminal: what it prints, and a keyboard."""

    def __init__(self, environ, *command):
        self.text = ""
        self._screen, inside = pty.openpty()
        self.process = subprocess.Popen(
            [RASA, *map(str, command)], cwd=ROOT, env=environ, stdin=inside, stdout=inside, stderr=inside,
            start_new_session=True, preexec_fn=_take_terminal,
        )  # fmt: skip
        os.close(inside)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end(self.process)
        os.close(self._screen)

    def type(self, text):
        os.write(self._screen, text.encode())

    def until(self, pattern, after=0):
        """Waits for a text; returns where it ends."""
        deadline = time.monotonic() + SECONDS
        while not (found := re.compile(pattern).search(self.text, after)):
            assert time.monotonic() < deadline, f"{pattern} did not come:\n{self.text[-3000:]}"
            assert self._read(), f"it ended before {pattern}:\n{self.text[-3000:]}"
        return found.end()

    def ends(self):
        """Waits for the end; returns the exit status."""
        while self._read():
            pass
        return self.process.wait(SECONDS)

    def _read(self):
        """Takes what is printed next; false when nothing more will be."""
        ready = select.poll()  # unlike select(), it bears any number of open files
        ready.register(self._screen, select.POLLIN | select.POLLHUP)
        if not ready.poll(SECONDS * 1000):
            return False
        try:
            chunk = os.read(self._screen, 65536)
        except OSError:  # the last process at the terminal has gone
            return False
        if b"\x1b[6n" in chunk:  # asked where the cursor is, as a real terminal would be
            self.type("\x1b[1;1R")
        self.text += _CONTROLS.sub("", chunk.decode(errors="replace"))
        return bool(chunk)


def _take_terminal():
    """Makes the pty the new session's terminal: Ctrl-C typed there is a signal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_rasa_data_validate_finds_nothing(environ):
    command = [RASA, "data", "validate", "--fail-on-warnings"]
    checked = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=SECONDS)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_rasa_visualize_draws_the_stories_without_a_display(environ, tmp_path):
    out = tmp_path / "graph.html"
    command = [RASA, "visualize", "--out", out]
    drawn = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=SECONDS)
    assert drawn.returncode == 0, drawn.stderr
    assert "action_answer" in out.read_text()


def test_rasa_shell_greets_takes_a_button_and_stops(trained_model, assistant, environ):
    # The assistant's own action server, which listens elsewhere than endpoints.yml says.
    elsewhere = endpoints(assistant.environ)
    with Terminal(environ, "shell", "-m", trained_model, "--endpoints", elsewhere) as shell:
        shell.until("Your input ->")
        shell.type("你好\r")
        greeted = shell.until("小栖")
        shell.until("Type out your own message", greeted)  # the greeting's buttons are a menu here
        shell.type("\r")
        asked = shell.until("哪款产品", greeted)
        shell.until("Your input ->", asked)
        shell.type("/stop\r")
        assert shell.ends() == 0
    assert "Traceback" not in shell.text


def test_rasa_shell_nlu_shows_how_a_message_is_understood(trained_model, environ):
    with Terminal(environ, "shell", "nlu", "-m", trained_model) as shell:
        shell.until("Next message:")
        shell.type("L3 指纹识别不了\r")
        shell.until('"report_fault"')
        shell.type("\x03")
        shell.ends()


def test_rasa_test_plays_our_stories_and_no_others(trained_model, environ, tmp_path):
    """`rasa test` plays these, then `rasa test nlu`, which takes minutes for all of data/nlu."""
    nlu = tmp_path / "nlu.yml"
    examples = {"greet": "你好", "thank": "谢谢"}  # with one intent alone there would be nothing to score
    intents = [f"- intent: {name}\n  examples: |\n    - {text}\n" for name, text in examples.items()]
    nlu.write_text('version: "3.1"\nnlu:\n' + "".join(intents), encoding="utf-8")
    command = [RASA, "test", "-m", trained_model, "--nlu", nlu, "--out", tmp_path / "results"]
    played = subprocess.run(
        [*command, "--fail-on-prediction-errors"], cwd=ROOT, env=environ, capture_output=True, text=True,
        timeout=SECONDS,
    )  # fmt: skip
    assert played.returncode == 0, played.stderr[-3000:]
    assert (tmp_path / "results" / "intent_report.json").exists()


def test_rasa_interactive_exports_where_it_is_told_and_ends(trained_model, environ, tmp_path):
    with Terminal(environ, "interactive", "-m", trained_model) as trainer:
        trainer.until("Your input ->")
        trainer.type("\x03")
        asked = trainer.until("Do you want to stop")
        trainer.until("Export & Quit", asked)
        trainer.type("\x1b[A\r")  # up from the first choice is the last
        for what in ("stories", "NLU data", "domain file"):
            asked = trainer.until(f"Export {what} to", asked)
            trainer.type(f"\x15{tmp_path / what.split()[0]}.yml\r")  # in place of the path proposed
        assert trainer.ends() == 0
    assert "Traceback" not in trainer.text
