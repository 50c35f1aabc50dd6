"""A Rasa server with Rasa's REST channel and all of ours."""

from __future__ import annotations

from pathlib import Path

import yaml

from bench.turn_servers import System
from tests.app_client import AUDIENCE, ISSUER, SECRET
from tests.wechat_server import SAFE


class ChannelServer(System):
    """One server, on SQLite, that every channel reaches."""

    def __init__(self, model: Path, folder: Path) -> None:
        """Sets it up under ``folder``; nothing runs yet."""
        super().__init__("ours", model, folder)
        credentials = {
            "rest": None,
            "kefu.channels.web.WebChannel": None,
            "kefu.channels.app.AppChannel": {"issuer": ISSUER, "audience": AUDIENCE, "secret": SECRET},
            "kefu.channels.wechat.WeChatChannel": None,
        }
        for name in ("appid", "secret", "token", "aes_key"):
            self._environ[f"KEFU_WECHAT_{name.upper()}"] = getattr(SAFE, name)
        (folder / "credentials.yml").write_text(yaml.safe_dump(credentials))
