"""What all tests share: a place of their own for data, and the trained model."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from kefu.run import builds
from kefu.run.servers import DEFAULTS

# Set before any test module is imported: nothing that tests do may touch the developer's own data.
_VAR_DIR = tempfile.mkdtemp(prefix="kefu-tests-")
for _name in [name for name in os.environ if name.startswith("KEFU_") and not name.startswith("KEFU_TEST_")]:
    del os.environ[_name]
os.environ.update(DEFAULTS, KEFU_VAR_DIR=_VAR_DIR)


def pytest_unconfigure() -> None:
    """Removes the tests' data."""
    shutil.rmtree(_VAR_DIR, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI a browser test that is skipped was not run, so it has failed."""
    report = yield
    needs_browser = "browser" in getattr(item, "fixturenames", ())
    if report.skipped and needs_browser and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow for browser tests: {report.longrepr[-1]}"
    return report


@pytest.fixture(scope="session")
def trained_model() -> Path:
    """The model of the present sources, trained when there is none yet."""
    return builds.model()
