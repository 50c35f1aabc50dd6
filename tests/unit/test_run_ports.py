import socket
import subprocess
import sys

import pytest

from kefu.config import ROOT
from kefu.run import ports


@pytest.fixture
def taken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield str(listener.getsockname()[1])


@pytest.fixture
def free():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    return str(number)


def test_a_taken_port_is_one_sentence_with_the_port_and_its_variable(taken, free):
    with pytest.raises(ports.PortError) as error:
        ports.check({"KEFU_PORT": taken, "KEFU_ACTIONS_PORT": free})
    assert f"Port {taken} of the assistant is taken" in str(error.value)
    assert "KEFU_PORT" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_port_taken_on_one_address_is_taken_for_all_addresses(taken, free):
    with pytest.raises(ports.PortError, match="is taken"):
        ports.check({"KEFU_HOST": "0.0.0.0", "KEFU_PORT": taken, "KEFU_ACTIONS_PORT": free})


def test_free_ports_pass(free):
    ports.check({"KEFU_PORT": free, "KEFU_ACTIONS_PORT": str(int(free) - 1), "KEFU_WECHAT_APPID": "wx1"})


def test_the_local_wechat_needs_its_port_too(taken, free):
    with pytest.raises(ports.PortError, match=f"Port {taken} of the local WeChat is taken.*KEFU_WECHAT_PORT"):
        ports.check({"KEFU_PORT": free, "KEFU_WECHAT_PORT": taken, "KEFU_ACTIONS_PORT": str(int(free) - 1)})


def test_two_servers_cannot_have_the_same_port(free):
    with pytest.raises(ports.PortError, match=f"KEFU_PORT and KEFU_ACTIONS_PORT are both {free}"):
        ports.check({"KEFU_PORT": free, "KEFU_ACTIONS_PORT": free})


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "5005 ", "٣", "²"])
def test_a_number_that_is_no_port_is_refused_with_its_variable(text):
    with pytest.raises(ports.PortError, match="KEFU_PORT is "):
        ports.ASSISTANT.number({"KEFU_PORT": text})


def test_an_unknown_address_is_refused_with_its_variable(free):
    with pytest.raises(ports.PortError, match="KEFU_HOST is"):
        ports.check({"KEFU_HOST": "no.such.host.invalid", "KEFU_PORT": free})


def test_the_check_runs_before_anything_is_installed(taken):
    # -I -S: without our packages, as a bare machine's Python.
    command = [sys.executable, "-I", "-S", str(ROOT / "kefu" / "run" / "ports.py")]
    result = subprocess.run(command, env={"KEFU_PORT": taken}, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1 and "Traceback" not in result.stderr
