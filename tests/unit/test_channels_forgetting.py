"""Between turns a server fulfils wishes to be forgotten, holding what is written to, and tells open pages."""

from contextlib import asynccontextmanager

import pytest
from sqlalchemy import update

from kefu.channels.forgetting import Forgetting
from kefu.conversations.models import Message
from kefu.db import session_scope, utcnow
from kefu.privacy import erasing, service
from kefu.privacy.models import Erasure
from tests import console


class Server:
    """Remembers in what order things were done."""

    def __init__(self):
        self.done, self.fails = [], False
        self.forgetting = Forgetting(self.run, self.alone, self.tell)

    async def run(self, work, *arguments):
        if self.fails and work is erasing.carry_out:
            raise OSError
        return work(*arguments)

    @asynccontextmanager
    async def alone(self, conversation):
        self.done.append(("holds", conversation))
        yield
        self.done.append(("lets go", conversation))

    async def tell(self, identity):
        self.done.append(("tells", identity))


@pytest.fixture
def wish(installation):
    """A customer's, whose answer was shown a while ago."""
    sender = console.customer("me")
    console.says(sender, "删掉我的信息")
    with session_scope() as session:
        session.execute(update(Message).values(answered_at=utcnow()))
        service.ask(session, sender.id, "customer").asked_at = utcnow() - erasing.SHOWN
    return sender.id


async def test_a_wish_is_fulfilled_once_and_told_when_nothing_holds_it_any_more(wish):
    server = Server()
    await server.forgetting.once()
    await server.forgetting.once()
    assert server.done == [("holds", wish), ("lets go", wish), ("tells", wish)]
    with session_scope() as session:
        kept = session.get(Erasure, 1)
        assert kept.done_at and kept.cleaned_at and kept.identity is None


async def test_what_failed_is_tried_again(wish):
    server = Server()
    server.fails = True
    with pytest.raises(OSError):
        await server.forgetting.once()
    server.fails = False
    await server.forgetting.once()
    assert server.done[-1] == ("tells", wish)
