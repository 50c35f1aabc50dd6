"""Installations for the unit tests: an empty one, one with a small company, and the demo company's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kefu import db
from kefu.config import ROOT, settings
from kefu.knowledge import live, service
from tests.company import write_company


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory) -> Path:
    """A migrated database without rows, to be copied."""
    folder = tmp_path_factory.mktemp("empty")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEFU_VAR_DIR", str(folder))
        _forget()
        db.migrate()
        db.engine().dispose()
    _forget()
    return folder / "kefu.db"


@pytest.fixture
def installation(tmp_path, monkeypatch, empty_database) -> Path:
    """An installation of its own with an empty database; gives its folder."""
    shutil.copy(empty_database, tmp_path / "kefu.db")
    monkeypatch.setenv("KEFU_VAR_DIR", str(tmp_path))
    monkeypatch.setattr(service, "_current", service._Current())
    monkeypatch.setattr(live.name_matcher, "value", None)
    monkeypatch.setattr(live.name_matcher, "edition", None)
    _forget()
    yield tmp_path
    db.engine().dispose()
    monkeypatch.undo()
    _forget()


@pytest.fixture
def company(installation, monkeypatch) -> Path:
    """The knowledge folder of a small company, not loaded yet."""
    folder = installation / "knowledge"
    write_company(folder)
    monkeypatch.setenv("KEFU_KNOWLEDGE_DIR", str(folder))
    settings.cache_clear()
    return folder


@pytest.fixture(scope="session")
def demo_vectors(tmp_path_factory) -> Path:
    """Sentence vectors of the demo company's knowledge: half a minute's work, done once."""
    return tmp_path_factory.mktemp("vectors")


@pytest.fixture(scope="session")
def demo_database(tmp_path_factory, empty_database, demo_vectors) -> Path:
    """A database with the demo company's knowledge, to be copied, and the vectors made."""
    from kefu.knowledge.load import load

    folder = tmp_path_factory.mktemp("demo")
    shutil.copy(empty_database, folder / "kefu.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEFU_VAR_DIR", str(folder))
        patch.setattr(service, "_current", service._Current())
        _forget()
        load()
        service.catalog()
        shutil.copytree(folder / "embeddings", demo_vectors, dirs_exist_ok=True)
        db.engine().dispose()
    _forget()
    return folder / "kefu.db"


@pytest.fixture(scope="session")
def _demo_catalog() -> service._Current:
    """The snapshot that all tests on the demo company share."""
    return service._Current()


@pytest.fixture
def demo(installation, demo_database, demo_vectors, monkeypatch, _demo_catalog) -> Path:
    """An installation with the demo company's knowledge and no customers yet."""
    db.engine().dispose()
    for name in ("kefu.db", "kefu.db-wal", "kefu.db-shm"):
        (installation / name).unlink(missing_ok=True)
    shutil.copy(demo_database, installation / "kefu.db")
    (installation / "embeddings").symlink_to(demo_vectors)
    monkeypatch.setattr(service, "_current", _demo_catalog)
    db.engine.cache_clear()
    return installation


def _forget() -> None:
    """Makes settings and engine be made anew from the environment."""
    settings.cache_clear()
    db.engine.cache_clear()


@pytest.fixture(scope="session")
def project() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture
def console(installation):
    """The console's server on an empty installation, without what runs beside it."""
    from kefu.console.app import create

    return create(warm=False)


@pytest.fixture
def visit(console):
    """Opens a browser at the console, logged in as whom ``tests.console.account`` made, or as nobody."""
    from fastapi.testclient import TestClient

    from tests.console import PASSWORD

    def open_browser(login: str | None = None) -> TestClient:
        browser = TestClient(console, raise_server_exceptions=False)
        if login:
            answer = browser.post("/api/login", json={"login": login, "password": PASSWORD})
            browser.headers["X-CSRF-Token"] = answer.json()["csrf"]
        return browser

    return open_browser


@pytest.fixture(autouse=True)
def cheap_passwords(request, monkeypatch):
    """Passwords of the console are hashed without the cost that makes them safe."""
    if "installation" in request.fixturenames:
        from argon2 import PasswordHasher

        from kefu.console import accounts

        monkeypatch.setattr(accounts, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
