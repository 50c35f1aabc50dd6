"""The ports of the servers, and whether they are free.

Only the standard library, for any Python 3: `make run` asks here before it installs anything.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from typing import NamedTuple


class PortError(Exception):
    """A port that cannot be used; the message is one sentence that says what to change."""


class Port(NamedTuple):
    """Where a server listens.

    Attributes:
        server: What people call the server.
        variable: The environment variable that moves it.
        default: Its number when the variable is not set.
    """

    server: str
    variable: str
    default: int

    def number(self, environ: Mapping[str, str] = os.environ) -> int:
        """The port's number.

        Raises:
            PortError: The variable does not hold a port number.
        """
        text = environ.get(self.variable) or str(self.default)
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
            raise PortError(f"{self.variable} is {text!r}: it must be a port number between 1 and 65535.")
        return int(text)


ASSISTANT = Port("assistant", "KEFU_PORT", 5005)
ACTIONS = Port("action server", "KEFU_ACTIONS_PORT", 5055)
WECHAT = Port("local WeChat", "KEFU_WECHAT_PORT", 5065)
SMS = Port("local SMS gateway", "KEFU_SMS_PORT", 5060)
CONSOLE = Port("console", "KEFU_CONSOLE_PORT", 5006)


def ports(environ: Mapping[str, str] = os.environ) -> tuple[Port, ...]:
    """Of the servers that are started: the local stand-ins only where there is nothing to stand in for."""
    wechat = () if environ.get("KEFU_WECHAT_APPID") else (WECHAT,)
    # Empty: the company has no gateway, and none is to be simulated.
    sms = () if "KEFU_SMS_URL" in environ else (SMS,)
    return (ASSISTANT, ACTIONS, CONSOLE, *wechat, *sms)


def host(environ: Mapping[str, str] = os.environ) -> str:
    """Where assistant and console listen: on this machine only, unless ``KEFU_HOST`` says otherwise."""
    return environ.get("KEFU_HOST") or "127.0.0.1"


def check(environ: Mapping[str, str] = os.environ) -> None:
    """Makes sure that every server can have its port.

    Raises:
        PortError: A port is taken, asked for twice, or not a port.
    """
    owners: dict[int, Port] = {}
    for port in ports(environ):
        number = port.number(environ)
        if number in owners:
            raise PortError(
                f"{owners[number].variable} and {port.variable} are both {number}: "
                "give each server a port of its own."
            )
        owners[number] = port
        _bind(port, number, host(environ) if port in (ASSISTANT, CONSOLE) else "127.0.0.1")


def _bind(port: Port, number: int, address: str) -> None:
    with socket.socket() as probe:
        # As the servers do: a port whose last connection is still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, number))
        except PermissionError:
            reason = "may not be used by this user: set"
        except socket.gaierror:
            raise PortError(f"KEFU_HOST is {address!r}: this machine has no such address.") from None
        except OSError as error:
            reason = f"is taken ({error.strerror}): stop the program that uses it, or set"
        else:
            return
    raise PortError(f"Port {number} of the {port.server} {reason} {port.variable} to a free one.")


def main() -> int:
    """Says in one sentence what is wrong, if anything is."""
    try:
        check()
    except PortError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
