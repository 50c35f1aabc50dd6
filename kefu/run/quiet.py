"""``python -m kefu.run.quiet MODULE ARGUMENTS``: ``python -m MODULE`` without libraries' talk to each other.

PYTHONWARNINGS is not enough: Sanic and Rasa turn warnings on again, and the pinned libraries then print
a hundred deprecations. Warnings meant for people stay.
"""

from __future__ import annotations

import runpy
import sys
import warnings

_AMONG_LIBRARIES = (DeprecationWarning, PendingDeprecationWarning, FutureWarning)
_show = warnings.showwarning


def show(message, category, filename, lineno, file=None, line=None) -> None:
    """Prints a warning (see ``warnings.showwarning``) if it is meant for people."""
    if not issubclass(category, _AMONG_LIBRARIES):
        _show(message, category, filename, lineno, file, line)


def main() -> None:
    """Becomes the module that the first argument names."""
    warnings.showwarning = show
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
