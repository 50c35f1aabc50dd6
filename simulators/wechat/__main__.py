"""``python -m simulators.wechat --port 5065 --callback http://localhost:5005/wechat/callback``."""

from __future__ import annotations

import argparse
from pathlib import Path

from aiohttp import web
from ruamel.yaml import YAML

from simulators.wechat.platform import Account, Platform
from simulators.wechat.server import build

CHANNEL = "kefu.channels.wechat.WeChatChannel"


def menu(credentials: Path) -> list[dict[str, str]]:
    """The account's menu, from what credentials.yml says that its keys mean."""
    options = (YAML(typ="safe").load(credentials.read_text(encoding="utf-8")) or {}).get(CHANNEL) or {}
    entries = (options.get("menu") or {}).items()
    return [{"type": "click", "name": entry["title"], "key": key} for key, entry in entries]


def main() -> None:
    """Serves until stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=5065)
    parser.add_argument("--callback", default="http://localhost:5005/wechat/callback")
    parser.add_argument("--credentials", type=Path, default=Path("credentials.yml"))
    wish = parser.parse_args()
    platform = Platform(Account.of(), wish.callback, menu=menu(wish.credentials))
    web.run_app(build(platform), host="127.0.0.1", port=wish.port, access_log=None, print=None)


if __name__ == "__main__":
    main()
