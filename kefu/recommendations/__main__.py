"""``python -m kefu.recommendations check|train``: looks the offers through, or learns a new model."""

from __future__ import annotations

import argparse
import sys

from kefu.config import SettingsError
from kefu.db import migrate
from kefu.knowledge.service import read_graph
from kefu.recommendations.offers import read, strangers
from kefu.recommendations.service import refresh
from kefu.rulebook import RuleError


def main() -> int:
    """Does what is asked; a mistake in the offers is named with its line."""
    parser = argparse.ArgumentParser(prog="python -m kefu.recommendations", description=__doc__)
    parser.add_argument("what", choices=("check", "train"))
    options = parser.parse_args()
    try:
        migrate()
        catalogue = read()
    except (RuleError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    if options.what == "train":
        print(f"recommendations: learned from {refresh()} interactions")
        return 0
    unknown = strangers(catalogue, read_graph()[1])
    for one in unknown:
        print(f"offers.yml: {one} is not in the knowledge", file=sys.stderr)
    print(f"recommendations: {len(catalogue.offers)} offers, {len(unknown)} mistakes")
    return 1 if unknown else 0


if __name__ == "__main__":
    raise SystemExit(main())
