"""The browser of the end-to-end tests: found on the machine, or installed where that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = f"no browser: none of {', '.join(NAMES)} is installed"
# Without a Chinese font the page's screenshots show boxes.
PACKAGES = ("chromium", "fonts-noto-cjk")


def find() -> str | None:
    """Returns the path of a Chromium, if there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def install() -> None:
    """Installs Debian's Chromium where we may."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print(f"==> Installing {' and '.join(PACKAGES)} for the browser tests ...", flush=True)
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
        if subprocess.run(["apt-get", "-qq", *command], env=environ, stdout=subprocess.DEVNULL).returncode:
            return


if __name__ == "__main__":
    if not find():
        install()
    if not find():
        print(f"{MISSING}: the tests that need one will {'fail' if os.environ.get('CI') else 'be skipped'}.")
