"""``python -m kefu.knowledge``: brings the graph up to the knowledge folder (``make reload-knowledge``)."""

from __future__ import annotations

import sys

from kefu.config import SettingsError
from kefu.db import migrate
from kefu.knowledge.files import KnowledgeError
from kefu.knowledge.load import load
from kefu.knowledge.service import catalog


def main() -> int:
    """Loads what changed; a faulty file leaves the graph as it was and is named."""
    try:
        migrate()
        changed = load()
        catalog()  # computes the sentence vectors of new texts, which every process then finds ready
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    except KnowledgeError as error:
        print(f"data/knowledge: {error}", file=sys.stderr)
        return 1
    print("knowledge: loaded" if changed else "knowledge: nothing changed")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
