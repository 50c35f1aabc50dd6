"""The self-check says in a sentence what is wrong with the set-up of an account."""

from dataclasses import replace

import pytest

from kefu import db
from kefu.channels.wechat.check import check
from kefu.channels.wechat.options import Account, AccountError
from kefu.config import settings
from tests.web_server import EchoBot
from tests.wechat_server import PLAIN, SAFE, wechat


@pytest.fixture
async def checked(tmp_path, monkeypatch):
    """Checks an account, a little changed, against a server with the right one."""
    monkeypatch.setenv("KEFU_VAR_DIR", str(tmp_path))
    settings.cache_clear()
    db.engine.cache_clear()
    db.migrate()
    async with wechat(EchoBot(), tmp_path / "..", SAFE) as here:

        async def run(path="/wechat/callback", **changed):
            said = []
            (adapter,) = here.hub.adapters.values()
            account = replace(SAFE, api_url=adapter.api._account.api_url)
            well = await check(replace(account, **changed), here.url + path, said.append)
            return well, said

        run.platform = here.platform
        yield run
    db.engine().dispose()
    settings.cache_clear()
    db.engine.cache_clear()


async def test_a_right_account_passes_every_step(checked):
    well, said = await checked()
    assert well and len(said) == 6 and all(line.startswith("  ok") for line in said)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"appid": ""}, "KEFU_WECHAT_APPID is not set"),
        ({"aes_key": "short"}, "KEFU_WECHAT_AES_KEY must be the EncodingAESKey"),
        ({"appid": "wxffffffffffffffff"}, "WeChat does not know this AppID"),
        ({"secret": "f" * 32}, "WeChat refuses the AppSecret"),
        ({"api_url": "http://127.0.0.1:1"}, "WeChat's API did not answer"),
        ({"token": "anotherToken"}, "The server knows another Token"),
        ({"aes_key": "Z" * 43}, "KEFU_WECHAT_AES_KEY differs there"),
        ({"aes_key": ""}, "The server expects safe mode"),
        ({"path": "/nowhere"}, "There is no callback at the address"),
    ],
)
async def test_what_is_wrong_is_said_and_what_to_do(checked, changed, sentence):
    well, said = await checked(**changed)
    assert not well and "problem" in said[-1] and sentence in said[-1]


async def test_an_address_that_is_not_on_the_whitelist_is_said(checked):
    checked.platform.faults.refusal = 40164
    well, said = await checked()
    assert not well and "IP whitelist" in said[-1]


def test_a_server_with_half_an_account_does_not_start_and_names_the_variable():
    with pytest.raises(AccountError, match="KEFU_WECHAT_SECRET must be the AppSecret"):
        Account.of({"KEFU_WECHAT_APPID": SAFE.appid, "KEFU_WECHAT_TOKEN": SAFE.token})
    assert Account.of({}) == Account()
    assert "0123456789abcdef0123" not in repr(PLAIN)
