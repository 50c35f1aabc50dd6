"""The WeChat official account as a Rasa channel (docs/channels/wechat.md)."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    # credentials.yml names the class here; the tables are imported without Rasa (kefu/tables.py).
    if name == "WeChatChannel":
        from kefu.channels.wechat.channel import WeChatChannel

        return WeChatChannel
    raise AttributeError(name)
