"""Installs what tests need and Python packages cannot bring, where that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess


def install(what: str, *packages: str) -> None:
    """Installs Debian packages where we may; ``what`` says what they are for."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print(f"==> Installing {' and '.join(packages)} for {what} ...", flush=True)
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        if subprocess.run(["apt-get", "-qq", *command], env=environ, stdout=subprocess.DEVNULL).returncode:
            return
