"""The servers of the assistant: how each is started, where it listens, how one sees that it is up."""

from __future__ import annotations

import os
import re
import secrets
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kefu.config import ROOT
from kefu.run.ports import ACTIONS, ASSISTANT, CONSOLE, SMS, WECHAT, host

# Each may be overruled from outside.
DEFAULTS = {
    "RASA_TELEMETRY_ENABLED": "false",
    # One sentence at a time is faster, and steadier beside the other servers, on one thread.
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "SANIC_WORKERS": "1",
    # What only a start needed goes back to the system (60 MB of Rasa's), with no page fault more a turn.
    # https://man7.org/linux/man-pages/man3/mallopt.3.html
    "MALLOC_TRIM_THRESHOLD_": "1048576",
    "MALLOC_MMAP_THRESHOLD_": "4194304",
    # Open pages reconnect and messages are kept: nobody has to be waited for when a server stops.
    "SANIC_GRACEFUL_SHUTDOWN_TIMEOUT": "3",
    "PYTHONUNBUFFERED": "1",
    # What libraries tell each other (see also kefu.run.quiet).
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
}
# OpenBLAS's names, best first, with what a processor must be able to do.
_KERNELS = {
    "SkylakeX": {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl", "avx2", "fma"},
    "Haswell": {"avx2", "fma"},
}


def python(module: str, *arguments: str | Path) -> tuple[str, ...]:
    """The command that runs a Python module quietly."""
    return (sys.executable, "-m", "kefu.run.quiet", module, *map(str, arguments))


def rasa(*arguments: str | Path) -> tuple[str, ...]:
    """The command that runs a Rasa server, whose workers share what they only read."""
    return (sys.executable, "-m", "kefu.run.preload", "rasa", "run", *map(str, arguments))


def environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """``environ`` with the defaults that every process of ours runs under."""
    return {**DEFAULTS, **kernels(), **environ}


def kernels(cpu: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """Which routines numpy's matrix library takes: the pinned one knows no processor made after it.

    On those, OpenBLAS 0.3.18 falls back to routines of 2004, half as fast (``make bench-embedding``).
    https://github.com/OpenMathLib/OpenBLAS#dynamic_arch-builds
    """
    try:
        abilities = set(re.search(r"^flags\s*:(.*)$", cpu.read_text(), re.M)[1].split())
    except (OSError, TypeError):  # not Linux, or not made by Intel or AMD: left to OpenBLAS
        return {}
    for kind, needed in _KERNELS.items():
        if needed <= abilities:
            return {"OPENBLAS_CORETYPE": kind}
    return {}


@dataclass(frozen=True)
class Server:
    """One process that serves.

    Attributes:
        name: Stands before each line it prints.
        command: Program and arguments.
        address: Its own address, ``http://localhost:5005``.
        health: The path that answers 200 when it is ready.
        environ: Its whole environment.
        pages: What people open there: title to path.
    """

    name: str
    command: tuple[str, ...]
    address: str
    health: str
    environ: Mapping[str, str] = field(repr=False)
    pages: Mapping[str, str] = field(default_factory=dict)

    def is_healthy(self, seconds: float = 2) -> bool:
        """Whether it answers, within ``seconds``, that it is ready."""
        # No proxy that the environment may name lies between us and our own servers.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(self.address + self.health, timeout=seconds) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False


def servers(model: Path, environ: Mapping[str, str] = os.environ) -> list[Server]:
    """Every server of an assistant on one machine, set up by ``environ``."""
    environ = environment(environ)
    wechat = [] if environ.get("KEFU_WECHAT_APPID") else [local_wechat(environ)]
    if wechat:
        environ = wechat[0].environ
    sms = [] if "KEFU_SMS_URL" in environ else [local_sms(environ)]
    if sms:
        environ = sms[0].environ
    port, actions_port = ASSISTANT.number(environ), ACTIONS.number(environ)
    console_port = CONSOLE.number(environ)
    interface = host(environ)
    reached = "127.0.0.1" if interface == "0.0.0.0" else interface
    return [
        Server(
            "actions",
            python("rasa_sdk", "--actions", "actions", "--port", str(actions_port)),
            f"http://127.0.0.1:{actions_port}",
            "/health",
            # It believes whatever it is told about who speaks: only this machine may tell it.
            {"SANIC_HOST": "127.0.0.1", **environ},
        ),
        Server(
            "rasa",
            rasa(
                "--model", model, "--interface", interface, "--port", str(port),
                "--credentials", ROOT / "credentials.yml", "--endpoints", endpoints(environ),
            ),
            f"http://{reached}:{port}",
            "/",
            environ,
            {"Chat page": "/chat/"},
        ),
        *wechat,
        *sms,
        Server(
            "console",
            python("kefu.console", "--host", interface, "--port", str(console_port)),
            f"http://{reached}:{console_port}",
            "/health",
            environ,
            {"Console": "/"},
        ),
    ]  # fmt: skip


def local_sms(environ: Mapping[str, str]) -> Server:
    """An SMS gateway on this machine, whose token is new at each start."""
    port = SMS.number(environ)
    address = f"http://127.0.0.1:{port}"
    gateway = {"KEFU_SMS_URL": f"{address}/messages", "KEFU_SMS_TOKEN": secrets.token_hex(16)}
    return Server(
        "sms", python("simulators.sms", "--port", str(port)), address, "/",
        {**environ, **gateway}, {"Text messages (simulated)": "/"},
    )  # fmt: skip


def local_wechat(environ: Mapping[str, str]) -> Server:
    """A WeChat on this machine, with an account whose secrets are new at each start."""
    port = WECHAT.number(environ)
    address = f"http://127.0.0.1:{port}"
    account = {
        "KEFU_WECHAT_APPID": "wx0000000000000000",
        "KEFU_WECHAT_SECRET": secrets.token_hex(16),
        "KEFU_WECHAT_TOKEN": secrets.token_hex(16),
        "KEFU_WECHAT_AES_KEY": secrets.token_hex(22)[:43],
        "KEFU_WECHAT_API_URL": address,
    }
    interface = host(environ)
    callback = "127.0.0.1" if interface == "0.0.0.0" else interface
    return Server(
        "wechat",
        python(
            "simulators.wechat", "--port", str(port), "--credentials", ROOT / "credentials.yml",
            "--callback", f"http://{callback}:{ASSISTANT.number(environ)}/wechat/callback",
        ),
        address,
        "/health",
        {**environ, **account},
        {"WeChat (simulated)": "/"},
    )  # fmt: skip


def endpoints(environ: Mapping[str, str]) -> Path:
    """endpoints.yml, or a copy of it where the action server has another port than the file says."""
    original = ROOT / "endpoints.yml"
    number = ACTIONS.number(environ)
    if number == ACTIONS.default:
        return original
    text = re.sub(rf"(localhost|127\.0\.0\.1):{ACTIONS.default}\b", rf"\1:{number}", original.read_text())
    copy = Path(environ.get("KEFU_VAR_DIR") or ROOT / "var") / "endpoints.yml"
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(text)
    return copy
