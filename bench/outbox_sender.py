"""A process that sends what is due in the outbox to the platform of the benchmark, until it is killed."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from sqlalchemy.orm import Session

from kefu.channels.wechat import quota
from kefu.conversations.ledger import Ledger
from kefu.notifications import outbox
from kefu.notifications.gateway import Gateway
from kefu.notifications.models import Notification
from kefu.notifications.outbox import Address, Parcel
from kefu.notifications.sender import Sender


class WithQuota(Gateway):
    """A platform that lets so many messages be sent to each; one is taken for each notification."""

    def reaches(self, session: Session, address: Address, row: Notification) -> bool:
        return quota.spend(session, address.identity)


async def words(parcel: Parcel) -> dict[str, str]:
    return {"text": parcel.key}


async def main(address: str, patience: str, lease: str) -> None:
    outbox.LEASE = timedelta(seconds=float(lease))
    outbox.DELAYS = tuple(timedelta(seconds=0.2 * 2**n) for n in range(9))
    channels = {
        "app": Gateway(address, seconds=float(patience)),
        "wechat": WithQuota(address, seconds=float(patience)),
    }
    await Sender(Ledger(), channels, words, lambda session, customer: False, seconds=0.1).forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
