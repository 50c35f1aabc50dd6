import os
import signal
import subprocess
import sys
import time
import urllib.request

from kefu.config import ROOT
from kefu.run.servers import environment
from tests.e2e.assistant import START_SECONDS
from tests.ports import free_ports


def opened(address):
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.status, answer.read().decode()


def test_the_run_command_serves_the_page_and_ctrl_c_ends_it(trained_model, tmp_path):
    port, actions_port, wechat_port, console_port = free_ports(4)
    environ = environment() | {
        "KEFU_PORT": str(port), "KEFU_ACTIONS_PORT": str(actions_port), "KEFU_VAR_DIR": str(tmp_path),
        "KEFU_WECHAT_PORT": str(wechat_port), "KEFU_CONSOLE_PORT": str(console_port),
    }  # fmt: skip
    log = tmp_path / "run.log"
    with open(log, "w") as out:
        command = [sys.executable, "-m", "kefu.run"]
        runner = subprocess.Popen(
            command, cwd=ROOT, env=environ, stdout=out, stderr=out, start_new_session=True
        )
    try:
        address = f"http://localhost:{port}/chat/"
        deadline = time.monotonic() + START_SECONDS
        while f"Chat page: {address}" not in log.read_text():
            assert runner.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        status, text = opened(address)
        assert status == 200 and "<html" in text
        console = f"http://localhost:{console_port}/"
        assert f"Console: {console}" in log.read_text()
        assert "<html" in opened(console)[1]
        os.killpg(runner.pid, signal.SIGINT)
        assert runner.wait(30) == 0
        assert "Traceback" not in log.read_text()
    finally:
        if runner.poll() is None:
            runner.terminate()
            runner.wait(60)


def test_after_a_power_cut_the_same_address_serves_again(assistant):
    assistant.kill("rasa")
    assistant.start("rasa")
    assert opened(assistant.chat)[0] == 200
