"""The app and the other channels of one customer: linked by login, by a code, by a phone."""

import uuid

import pytest
from sqlalchemy import select

from kefu.customers import proofs, senders
from kefu.customers.models import Link
from kefu.customers.senders import NotSent
from tests.app_client import Phone, login
from tests.app_server import serving_app
from tests.web_server import EchoBot, Page, ledger_on

NUMBER = "+8613800138000"


class Gateway:
    """Takes codes in place of a text message gateway."""

    def __init__(self):
        self.codes, self.down = [], False

    def send(self, phone, code, minutes, language):
        if self.down:
            raise NotSent("status 502")
        self.codes.append((phone, code))


@pytest.fixture
def database(tmp_path):
    return tmp_path / "kefu.db"


@pytest.fixture
def gateway(monkeypatch, database):
    gateway = Gateway()
    monkeypatch.setattr(senders, "code_sender", lambda: gateway)
    # A refused code is counted in a transaction of its own, on the settings' database.
    monkeypatch.setattr(proofs, "session_scope", ledger_on(database).scope)
    return gateway


@pytest.fixture
async def server(database, gateway):
    async with serving_app(EchoBot(), database) as url:
        yield url


@pytest.fixture
async def phone(server):
    async with Phone(server, login("anna")) as phone:
        yield phone


@pytest.fixture
async def page(server):
    page = await Page.visit(server)
    yield page
    await page.close()


def proofs_kept(database):
    with ledger_on(database).scope() as session:
        return list(session.execute(select(Link.proof)).scalars())


async def asked(phone, path, /, **body):
    return await phone.call("POST", path, json=body)


async def test_two_logins_with_one_verified_phone_are_one_customer(server, database):
    claims = {"phone_number": NUMBER, "phone_number_verified": True}
    async with Phone(server, login("anna", **claims)) as one, Phone(server, login("anna-2", **claims)) as two:
        await one.follow()
        said = await one.say("hi")
        await one.until(one.bot_texts)
        await two.follow()
        await two.until(two.bot_texts)
        assert two.bot_texts() == ["echo: hi"] and (await two.say("more"))["thread"] == said["thread"]
        await one.until(lambda: "echo: more" in one.bot_texts())
    assert proofs_kept(database) == ["account"]


async def test_a_phone_that_the_company_has_not_verified_links_nobody(server, database):
    async with Phone(server, login("anna", phone_number=NUMBER, phone_number_verified=True)) as one:
        await one.say("hi")
    async with Phone(server, login("eve", phone_number=NUMBER)) as eve:
        assert (await eve.call("GET", "/messages"))[1]["messages"] == []
    assert proofs_kept(database) == []


async def test_a_code_shown_by_one_account_and_given_by_another_makes_them_one(server, phone):
    await phone.follow()
    said = await phone.say("hi")
    await phone.until(phone.bot_texts)
    status, issued = await asked(phone, "/link-codes")
    assert status == 200 and issued["expires_in"] == 600
    async with Phone(server, login("anna at work")) as tablet:
        await tablet.follow()
        status, linked = await asked(tablet, "/link-codes/redeem", code=issued["code"])
        assert (status, linked["thread"]) == (200, said["thread"])
        await tablet.until(lambda: tablet.bot_texts() == ["echo: hi"])
        assert tablet.told("thread")[-1]["thread"] == said["thread"]
    async with Phone(server, login("eve")) as eve:
        status, reply = await asked(eve, "/link-codes/redeem", code=issued["code"])
        assert (status, reply["error"]["code"], reply["error"]["field"]) == (400, "wrong_code", "code")


async def test_a_proved_phone_brings_the_account_to_who_has_proved_it_before(
    server, phone, gateway, database
):
    await phone.follow()
    said = await phone.say("hi")
    await asked(phone, "/phone-codes", phone="138 0013 8000")
    assert (await asked(phone, "/phone-codes/confirm", code=gateway.codes[-1][1]))[0] == 200
    with ledger_on(database).scope() as session:  # a minute passes
        session.execute(proofs.delete(proofs.PhoneCode))
    async with Phone(server, login("anna at work")) as tablet:
        assert (await asked(tablet, "/phone-codes", phone=NUMBER))[0] == 200
        phone_number, code = gateway.codes[-1]
        wrong = "000000" if code != "000000" else "111111"
        status, reply = await asked(tablet, "/phone-codes/confirm", code=wrong)
        assert (status, reply["error"]["code"], reply["error"]["left"]) == (400, "wrong_code", 4)
        status, proved = await asked(tablet, "/phone-codes/confirm", code=code)
        assert (status, proved["thread"], phone_number) == (200, said["thread"], NUMBER)


async def test_phone_codes_are_refused_by_the_field_at_fault_and_not_sent_too_often(phone, gateway):
    for body in ({}, {"phone": 7}, {"phone": "12"}):
        status, reply = await asked(phone, "/phone-codes", **body)
        assert (status, reply["error"]["code"], reply["error"]["field"]) == (400, "invalid", "phone")
    assert (await asked(phone, "/phone-codes", phone=NUMBER))[0] == 200
    status, reply = await asked(phone, "/phone-codes", phone=NUMBER)
    assert status == 429 and 50 < reply["error"]["retry_after"] <= 60


async def test_a_gateway_that_is_down_or_missing_is_said(phone, gateway, monkeypatch):
    gateway.down = True
    status, reply = await asked(phone, "/phone-codes", phone=NUMBER)
    assert (status, reply["error"]["code"]) == (503, "unavailable")
    gateway.down = False
    assert (await asked(phone, "/phone-codes", phone=NUMBER))[0] == 200
    monkeypatch.setattr(senders, "code_sender", lambda: None)
    assert (await asked(phone, "/phone-codes", phone=NUMBER))[1]["error"]["code"] == "no_phones"


async def test_a_code_that_the_app_shows_can_be_given_in_the_chat_of_the_page(server, phone, page, database):
    """What the page's chat does with it is the dialogue's; the code itself is the same."""
    await phone.say("hi")
    code = (await asked(phone, "/link-codes"))[1]["code"]
    await page.say("hello", str(uuid.uuid4()))
    with ledger_on(database).scope() as session:
        web = next(i for i in session.execute(select(proofs.Identity.id)).scalars() if i.startswith("web-"))
        assert proofs.redeem_link_code(session, web, code)
    await phone.say("again")
    await page.until(lambda: "echo: again" in page.bot_texts())
