"""Where webhooks may go: nobody uses them to knock at doors inside the company's network.

The address is looked at twice: as it is written, when a subscription is made and before each try; and, of a
name, each address that it resolves to, at the moment of connecting, so that a name cannot change its mind.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver
from aiohttp.helpers import is_ip_address

MAX_URL = 500


class Forbidden(OSError):
    """Nothing is sent to such an address; the text is a code."""


def check(url: str, private: bool) -> None:
    """Refuses what no webhook may go to, as far as its writing tells.

    Args:
        url: Of the receiver.
        private: Whether private addresses and this machine are allowed.

    Raises:
        Forbidden: ``scheme``, ``invalid`` or ``private``.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Forbidden("invalid") from None
    if parts.scheme not in ("http", "https"):
        raise Forbidden("scheme")
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= MAX_URL
    if not host or not plain or parts.username is not None or parts.password is not None or parts.fragment:
        raise Forbidden("invalid")
    if is_ip_address(host) and not _may(host, private):
        raise Forbidden("private")
    if host.rstrip(".").endswith("localhost") and not private:
        raise Forbidden("private")


class Guarded(AbstractResolver):
    """Resolves names, and keeps of their addresses those that may be reached.

    Args:
        private: Whether private addresses and this machine are allowed.
    """

    def __init__(self, private: bool) -> None:
        # Threads of its own: names that hang must not hold up the rest of the process.
        self._private, self._pool = private, ThreadPoolExecutor(8, "webhook-names")

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[dict[str, Any]]:
        """The addresses of a name.

        Raises:
            Forbidden: It has none that may be reached.
        """
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._pool, lambda: socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
        )
        allowed = [
            {"hostname": host, "host": to[0], "port": to[1], "family": kind, "proto": proto,
             "flags": socket.AI_NUMERICHOST}
            for kind, _, proto, _, to in found if _may(to[0], self._private)
        ]  # fmt: skip
        if not allowed:
            raise Forbidden("private")
        return allowed

    async def close(self) -> None:
        """Ends the threads; one that hangs is not waited for."""
        self._pool.shutdown(wait=False)


def _may(host: str, private: bool) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # written in a way that libraries read differently, as 127.0.0.01
        return False
    address = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None) or address
    # Link-local is where clouds keep their machines' credentials.
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if address.is_reserved and not address.is_loopback:  # ::1 is both
        return False
    return private or address.is_global
