"""What else a customer holds: the company's app, and a phone with the simulated WeChat."""

from __future__ import annotations

import time
import uuid

import requests

from tests.app_client import login

SECONDS = 90


class App:
    """The company's app, with a login."""

    def __init__(self, url, account):
        self.url, self.headers = f"{url}/app/v1", {"Authorization": f"Bearer {login(account)}"}

    def ask(self, method, path, **options):
        """Sends a request; gives the answer's body."""
        answer = requests.request(method, self.url + path, headers=self.headers, timeout=20, **options)
        assert answer.ok, answer.text
        return answer.json()

    def say(self, text):
        """Sends a message; gives everything that the bot says until it is answered."""
        body = {"id": str(uuid.uuid4()), "text": text, "language": "zh"}
        sent = self.ask("POST", "/messages", json=body)

        def answered():
            # By its thread: what is said may link this account, which then speaks in another.
            page = self.ask("GET", f"/messages?thread={sent['thread']}")["messages"]
            mine = [message for message in page if message.get("id") == body["id"]]
            if mine and mine[0]["state"] == "answered":
                said = (m for m in page if m["from"] == "bot" and m["seq"] > sent["seq"])
                return "\n".join(m.get("text") or "" for m in said)
            return None

        return until(answered)


class WeChat:
    """A phone with the simulated WeChat."""

    def __init__(self, url, openid):
        self.phone = f"{url}/phone/{openid}"
        self.known = 0

    def do(self, what, *expected, **more):
        """Does something on the phone; gives what the account says to it, once that holds all expected.

        A late answer comes in parts: what is ready within the five seconds of the platform, then the rest.
        """
        self.known = len(self.chat())
        assert requests.post(self.phone, json={"what": what, **more}, timeout=20).ok
        return until(lambda: (said := self.heard()) and all(part in said for part in expected) and said)

    def say(self, text, *expected):
        """Types a message; gives what the account says to it (see ``do``)."""
        return self.do("text", *expected, text=text)

    def tell(self, text):
        """Types a message, and waits for nothing."""
        self.known = len(self.chat())
        assert requests.post(self.phone, json={"what": "text", "text": text}, timeout=20).ok

    def everything(self):
        """All that the account has ever said."""
        return "\n".join(m.get("text") or "" for m in self.chat() if m["from"] == "account")

    def chat(self):
        """Everything on the phone."""
        return requests.get(f"{self.phone}?after=0&typing=1", timeout=30).json()["messages"]

    def heard(self):
        """What the account has said since the last act."""
        return "\n".join(m.get("text") or "" for m in self.chat()[self.known :] if m["from"] == "account")


def until(condition):
    """Waits for a condition and gives its value."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")
