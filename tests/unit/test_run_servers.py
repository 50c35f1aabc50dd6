from pathlib import Path

import pytest

from kefu.channels.wechat.options import Account
from kefu.run import servers as module
from kefu.run.servers import environment, kernels, servers

ENDPOINTS = """
action_endpoint:
  url: http://localhost:5055/webhook
tracker_store:
  url: ${KEFU_TRACKER_URL}
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    (tmp_path / "endpoints.yml").write_text(ENDPOINTS)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return tmp_path


def test_the_default_port_takes_endpoints_as_they_are(root):
    assert module.endpoints({}) == root / "endpoints.yml"


def test_another_action_port_reaches_rasa_and_nothing_else_changes(root):
    copy = module.endpoints({"KEFU_ACTIONS_PORT": "6001", "KEFU_VAR_DIR": str(root / "data")})
    assert copy.parent == root / "data"
    assert copy.read_text() == ENDPOINTS.replace("5055", "6001")
    assert (root / "endpoints.yml").read_text() == ENDPOINTS


def test_every_server_gets_its_port(root):
    ports = {"KEFU_PORT": "6000", "KEFU_ACTIONS_PORT": "6001", "KEFU_CONSOLE_PORT": "6002"}
    actions, rasa, _, sms, console = servers(Path("models/a.tar.gz"), {**ports, "KEFU_VAR_DIR": str(root)})
    assert actions.address == "http://127.0.0.1:6001" and "6001" in actions.command
    assert rasa.address == "http://127.0.0.1:6000" and "6000" in rasa.command
    assert console.address == "http://127.0.0.1:6002" and "6002" in console.command
    assert sms.address == "http://127.0.0.1:5060" and "5060" in sms.command


def test_text_messages_are_simulated_only_where_no_gateway_is_named(root):
    simulated = servers(Path("models/a.tar.gz"), {"KEFU_VAR_DIR": str(root)})
    assert simulated[0].environ["KEFU_SMS_URL"] == "http://127.0.0.1:5060/messages"
    for named in ("https://sms.example.com", ""):
        chosen = servers(Path("models/a.tar.gz"), {"KEFU_VAR_DIR": str(root), "KEFU_SMS_URL": named})
        assert "sms" not in [server.name for server in chosen]
        assert chosen[0].environ["KEFU_SMS_URL"] == named


def test_strangers_on_the_network_cannot_reach_the_action_server(root):
    actions, *_ = servers(Path("models/a.tar.gz"), {"KEFU_HOST": "0.0.0.0"})
    assert actions.environ["SANIC_HOST"] == "127.0.0.1"


def test_without_an_account_a_local_wechat_is_started_and_the_assistant_knows_it(root):
    _, rasa, wechat, *_ = servers(Path("models/a.tar.gz"), {"KEFU_WECHAT_PORT": "6002"})
    assert wechat.address == "http://127.0.0.1:6002" == rasa.environ["KEFU_WECHAT_API_URL"]
    assert Account.of(rasa.environ).problems() == []
    assert rasa.environ["KEFU_WECHAT_SECRET"] == wechat.environ["KEFU_WECHAT_SECRET"]


def test_with_an_account_and_a_gateway_nothing_is_simulated(root):
    own = {"KEFU_WECHAT_APPID": "wx1", "KEFU_SMS_URL": "https://sms.example.com"}
    names = [server.name for server in servers(Path("models/a.tar.gz"), own)]
    assert names == ["actions", "rasa", "console"]


def test_what_is_set_outside_wins_over_our_defaults():
    assert environment({"OMP_NUM_THREADS": "4"})["OMP_NUM_THREADS"] == "4"
    assert environment({})["OMP_NUM_THREADS"] == "1"


@pytest.mark.parametrize(
    ("cpu", "kind"),
    [
        ("flags\t\t: fma avx2 avx512f avx512dq avx512cd avx512bw avx512vl sse2\n", "SkylakeX"),
        ("flags\t\t: sse2 fma avx avx2 avx512f\n", "Haswell"),
        ("flags\t\t: sse2 ssse3\n", None),
        ("Features\t: fp asimd\n", None),
    ],
)
def test_matrices_are_multiplied_as_fast_as_the_processor_can(tmp_path, cpu, kind):
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nvmx flags\t: vnmi\n{cpu}")
    assert kernels(tmp_path / "cpuinfo").get("OPENBLAS_CORETYPE") == kind
    assert kernels(tmp_path / "none") == {}
    assert environment({"OPENBLAS_CORETYPE": "Zen"})["OPENBLAS_CORETYPE"] == "Zen"


def test_a_server_that_is_not_there_is_not_healthy(root):
    actions, *_ = servers(Path("models/a.tar.gz"), {"KEFU_ACTIONS_PORT": "1", "KEFU_VAR_DIR": str(root)})
    assert not actions.is_healthy(0.5)
