"""Every channel, with a slow bot in Rasa's place: `python -m tests.channels_server PORT DATABASE`.

The environment says whose logins and which WeChat account count, as for the real server.
"""

from __future__ import annotations

import sys
from pathlib import Path

from kefu.channels.app import AppChannel, Options
from kefu.channels.wechat.channel import WeChatChannel
from kefu.channels.wechat.options import Account
from tests.web_server import EchoBot, build_app
from tests.wechat_server import FakeAgent

TURN_SECONDS = 0.4


def main() -> None:
    """Serves until stopped."""
    port, database = int(sys.argv[1]), Path(sys.argv[2])
    bot = EchoBot(TURN_SECONDS)
    also = [
        lambda hub: AppChannel(Options().completed(), hub),
        lambda hub: WeChatChannel(None, Account.of(), hub),
    ]
    app, _ = build_app(bot, database, lease_seconds=2, also=also)
    app.ctx.agent = FakeAgent(bot)
    app.run(host="127.0.0.1", port=port, access_log=False)


if __name__ == "__main__":
    main()
