"""The browser of the end-to-end tests: found on the machine, or installed where that is possible."""

from __future__ import annotations

import os
import shutil

from tests.debian import install

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = f"no browser: none of {', '.join(NAMES)} is installed"
# Without a Chinese font the page's screenshots show boxes.
PACKAGES = ("chromium", "fonts-noto-cjk")


def find() -> str | None:
    """Returns the path of a Chromium, if there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


if __name__ == "__main__":
    if not find():
        install("the browser tests", *PACKAGES)
    if not find():
        print(f"{MISSING}: the tests that need one will {'fail' if os.environ.get('CI') else 'be skipped'}.")
