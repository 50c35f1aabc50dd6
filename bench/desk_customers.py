"""``python -m bench.desk_customers``: the customers of ``make bench-desk``, a process beside the console.

They write as channels do: into the ledger, noting that they spoke. Prints, as JSON lines, what was accepted.
"""

from __future__ import annotations

import argparse
import json
import random
import time
import uuid

from kefu.conversations.ledger import Ledger
from kefu.db import session_scope
from kefu.handoff import service
from tests.console import customer


def main() -> None:
    """Writes at a steady rate, each message by a customer drawn at random."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--chats", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    wanted = parser.parse_args()
    ledger, draw = Ledger(), random.Random(5)
    senders = [
        customer(f"bench{number}", ("web", "app", "wechat")[number % 3]) for number in range(wanted.chats)
    ]
    due = time.time()
    until = due + wanted.seconds
    while due < until:
        time.sleep(max(0.0, due - time.time()))
        due += draw.expovariate(wanted.rate)
        sender, id_ = draw.choice(senders), str(uuid.uuid4())
        body = {"kind": "text", "text": f"{time.time():.6f} {id_}", "language": "zh"}
        entry, _ = ledger.accept(sender, id_, body)
        with session_scope() as session:
            service.spoke(session, service.current(session, entry.conversation), "customer")
        print(json.dumps({"conversation": entry.conversation, "seq": entry.seq}), flush=True)


if __name__ == "__main__":
    main()
