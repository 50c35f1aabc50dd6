"""``python -m kefu.run.quiet MODULE ARGUMENTS``: ``python -m MODULE`` without libraries' talk to each other.

PYTHONWARNINGS is not enough: importing Sanic turns deprecation warnings on again, and Rasa's pinned
libraries then print a hundred of them. Warnings meant for people stay.
"""

from __future__ import annotations

import runpy
import sys
import warnings

import sanic.app  # noqa: F401  (first, so that our filters come after its own)


def main() -> None:
    """Becomes the module that the first argument names."""
    for kind in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
        warnings.simplefilter("ignore", kind)
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
