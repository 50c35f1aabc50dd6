"""A company's system that receives webhooks, on a port of its own; checks signatures by the specification."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE = 300


def is_genuine(secret: str, headers: dict[str, str], body: bytes, now: float | None = None) -> bool:
    """What docs/api.md tells receivers to do."""
    if abs((now or time.time()) - int(headers["webhook-timestamp"])) > TOLERANCE:
        return False
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [one.partition(",")[2] for one in headers["webhook-signature"].split() if one.startswith("v1,")]
    return any(hmac.compare_digest(expected, one) for one in given)


class Receiver:
    """Keeps what it was sent.

    Attributes:
        url: Where it listens.
        calls: Headers and body of each request, in order.
        answer: Gives the status (and headers) of the next answer.
    """

    def __init__(self, answer: Callable[[], int | tuple[int, dict[str, str]]] = lambda: 204) -> None:
        self.answer, self.calls = answer, []
        self._arrived = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver._arrived:
                    receiver.calls.append(({k.lower(): v for k, v in self.headers.items()}, body))
                    receiver._arrived.notify_all()
                told = receiver.answer()
                status, headers = told if isinstance(told, tuple) else (told, {})
                try:
                    self.send_response(status)
                    for name, value in {"Content-Length": "0", **headers}.items():
                        self.send_header(name, value)
                    self.end_headers()
                except OSError:  # who sent it did not wait
                    pass

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/kefu"

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, count: int, seconds: float = 30) -> list[dict]:
        """The bodies, once there are so many."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.calls) >= count, seconds), self.kinds
        return self.bodies

    @property
    def bodies(self) -> list[dict]:
        return [json.loads(body) for _, body in self.calls]

    @property
    def kinds(self) -> list[str]:
        return [body["kind"] for body in self.bodies]
