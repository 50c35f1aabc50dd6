"""``python -m kefu.knowledge``: brings the graph up to the knowledge folder (``make reload-knowledge``)."""

from __future__ import annotations

import sys

from kefu.db import migrate
from kefu.knowledge.files import KnowledgeError
from kefu.knowledge.load import load


def main() -> int:
    """Loads what changed; a faulty file leaves the graph as it was and is named."""
    migrate()
    try:
        changed = load()
    except KnowledgeError as error:
        print(f"data/knowledge: {error}", file=sys.stderr)
        return 1
    print("knowledge: loaded" if changed else "knowledge: nothing changed")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
