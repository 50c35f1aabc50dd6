"""The helper that rewords for operators, against a local server: what it gets, may say, and how it fails."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kefu.config import SettingsError
from kefu.console.helper import Helper, HelperFailed, helper

SOURCE = "L3 门锁的保修期是 24 个月，从签收当天算起。人为损坏、进水不在保修范围内。"


class Model:
    """A server of OpenAI's chat interface that says what it is told to."""

    def __init__(self):
        self.says, self.status, self.asked, self.keys = SOURCE, 200, [], []
        self.answers = threading.Event()
        self.answers.set()
        model = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                model.asked.append((self.path, json.loads(body)))
                model.keys.append(self.headers["Authorization"])
                model.answers.wait(5)
                said = {"choices": [{"message": {"content": model.says}}], "usage": {"total_tokens": 60}}
                answer = json.dumps(said if model.status == 200 else {}).encode()
                try:
                    self.send_response(model.status)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)
                except OSError:  # who asked did not wait
                    pass

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def model():
    model = Model()
    yield model
    model.answers.set()
    model.server.shutdown()
    model.server.server_close()


@pytest.fixture
def helps(installation, model):
    return Helper(model.url, "secret", "small", tokens_a_day=100, seconds=1)


def code(work):
    with pytest.raises(HelperFailed) as failed:
        work()
    return failed.value.code


def test_it_gets_the_entry_and_nothing_else(helps, model):
    assert helps.reword(SOURCE, "polish") == SOURCE
    path, body = model.asked[0]
    assert path == "/v1/chat/completions" and model.keys == ["Bearer secret"]
    assert body["model"] == "small" and body["messages"][1] == {"role": "user", "content": SOURCE}


def test_what_it_adds_is_dropped(helps, model):
    model.says = "您好，L3 门锁的保修期是 24 个月，从签收当天算起。我们会再送您 12 个月。"
    assert helps.reword(SOURCE, "summarise") == "您好，L3 门锁的保修期是 24 个月，从签收当天算起。"
    model.says = "进水也在保修范围内，请放心。"
    assert code(lambda: helps.reword(SOURCE, "polish")) == "unfaithful"


def test_when_the_day_is_used_up_nothing_is_asked(helps, model):
    for _ in range(2):
        helps.reword(SOURCE, "polish")
    assert code(lambda: helps.reword(SOURCE, "polish")) == "budget"
    assert len(model.asked) == 2


def test_a_server_that_fails_or_hangs_is_not_waited_for(helps, model):
    model.status = 500
    assert code(lambda: helps.reword(SOURCE, "polish")) == "unavailable"
    model.status = 200
    model.answers.clear()
    assert code(lambda: helps.reword(SOURCE, "polish")) == "unavailable"
    model.server.shutdown()
    model.server.server_close()
    assert code(lambda: helps.reword(SOURCE, "polish")) == "unavailable"


def test_it_is_off_unless_it_is_set_up(installation, monkeypatch):
    helper.cache_clear()
    assert code(lambda: helper().reword(SOURCE, "polish")) == "off"
    for name, value in (("URL", "ftp://x"), ("URL", "http://127.0.0.1/v1"), ("SECONDS", "soon")):
        helper.cache_clear()
        monkeypatch.setenv(f"KEFU_HELPER_{name}", value)
        with pytest.raises(SettingsError):
            helper()
    helper.cache_clear()
