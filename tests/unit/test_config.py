"""Settings from the environment, and the secret that is drawn where none is given."""

import stat

import pytest

from kefu.config import ROOT, settings


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Reads the settings with the given environment."""

    def run(**environ):
        monkeypatch.setenv("KEFU_VAR_DIR", str(tmp_path))
        for name, value in environ.items():
            monkeypatch.setenv(f"KEFU_{name}", value)
        settings.cache_clear()
        return settings()

    yield run
    monkeypatch.undo()
    settings.cache_clear()


def test_without_variables_everything_has_a_default(read, tmp_path):
    chosen = read()
    assert chosen.database_url == f"sqlite:///{tmp_path / 'kefu.db'}"
    assert chosen.tracker_url == f"sqlite:///{tmp_path / 'tracker.db'}"
    assert chosen.knowledge_dir == ROOT / "data" / "knowledge"
    assert (chosen.company_timezone, chosen.allowed_origins) == ("Asia/Shanghai", ())


def test_a_database_server_holds_the_conversations_too_unless_told_otherwise(read):
    assert read(DATABASE_URL="postgresql://db/kefu").tracker_url == "postgresql://db/kefu"
    assert read(TRACKER_URL="postgresql://db/rasa").tracker_url == "postgresql://db/rasa"


def test_an_empty_variable_counts_as_none(read, tmp_path):
    assert read(DATABASE_URL="", TIMEZONE="").company_timezone == "Asia/Shanghai"


def test_origins_stand_between_commas(read):
    assert read(ALLOWED_ORIGINS=" https://a.example , https://b.example,").allowed_origins == (
        "https://a.example",
        "https://b.example",
    )


def test_a_secret_is_drawn_once_and_readable_by_its_owner_only(read, tmp_path):
    first = read().secret
    settings.cache_clear()
    assert settings().secret == first and len(first) >= 32
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("*secret*")] == ["secret"]


def test_a_secret_given_is_not_written_down(read, tmp_path):
    assert read(SECRET="given").secret == "given"
    assert not (tmp_path / "secret").exists()
