"""The runner with small real servers in place of Rasa."""

import os
import signal
import subprocess
import sys
import time

import pytest

from kefu.config import ROOT
from tests.ports import free_ports

RUNNER = """
import os, sys
from kefu.run.servers import Server
from kefu.run.supervise import supervise

def server(name, port, code):
    return Server(name, (sys.executable, "-c", code, port), f"http://127.0.0.1:{port}", "/", dict(os.environ),
                  {"Chat page": "/chat/"} if name == "first" else {})

sys.exit(supervise([server("first", sys.argv[1], sys.argv[3]), server("second", sys.argv[2], sys.argv[4])]))
"""
SERVES = """
import http.server, os, sys
print("pid", os.getpid(), flush=True)
http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind="127.0.0.1")
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SERVES


@pytest.fixture
def run(tmp_path):
    """Starts the runner on two programs; ends it, whatever the test did."""
    runners = []

    def start(first=SERVES, second=SERVES):
        ports = [str(port) for port in free_ports(2)]
        log = open(tmp_path / "log", "w")
        command = [sys.executable, "-c", RUNNER, *ports, first, second]
        runner = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, start_new_session=True)
        runners.append(runner)
        return runner

    yield start
    for runner in runners:
        if runner.poll() is None:
            runner.terminate()
            runner.wait(20)


@pytest.fixture
def log(tmp_path):
    return (tmp_path / "log").read_text


def wait_for(text, log, runner, seconds=20):
    deadline = time.monotonic() + seconds
    while text not in log():
        assert runner.poll() is None and time.monotonic() < deadline, log()
        time.sleep(0.05)


def children(log):
    return [int(line.split("pid ")[1]) for line in log().splitlines() if "| pid " in line]


def assert_gone(pids):
    assert len(pids) == 2
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_the_address_is_printed_when_all_servers_are_up(run, log):
    runner = run()
    wait_for("Chat page: http://localhost:", log, runner)
    assert "/chat/" in log()


def test_no_address_is_printed_while_a_server_is_missing(run, log):
    runner = run(second="import time; print('asleep', flush=True); time.sleep(60)")
    wait_for("asleep", log, runner)
    time.sleep(1)
    assert "Chat page" not in log()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_servers_without_an_error(run, log, number):
    runner = run()
    wait_for("Chat page", log, runner)
    os.killpg(runner.pid, number)  # the terminal signals the whole group
    assert runner.wait(20) == 0
    assert "Traceback" not in log()
    assert_gone(children(log))


def test_a_server_that_does_not_listen_is_stopped_too(run, log):
    runner = run(second=STUBBORN)
    wait_for("Chat page", log, runner)
    runner.terminate()
    assert runner.wait(30) == 0
    assert_gone(children(log))


@pytest.mark.parametrize("code, expected", [(3, 3), (0, 1)])
def test_when_one_server_ends_the_others_are_stopped_and_its_name_is_said(run, log, code, expected):
    runner = run(
        second=f"import os, sys, time; print('pid', os.getpid(), flush=True); time.sleep(1); sys.exit({code})"
    )
    assert runner.wait(20) == expected
    assert f"second stopped by itself (exit code {code})" in log()
    assert_gone(children(log))


def test_lines_carry_the_name_of_their_server(run, log):
    runner = run(first="print('hello', flush=True); import time; time.sleep(30)")
    wait_for("first  | hello", log, runner)
