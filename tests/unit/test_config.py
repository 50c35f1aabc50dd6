"""Settings from the environment, and the secret that is drawn where none is given."""

import stat
from datetime import date, datetime

import pytest

from kefu import db
from kefu.config import ROOT, SettingsError, settings


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


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "8", "Asia"])
def test_an_unknown_time_zone_is_refused_by_the_name_of_its_variable(read, zone):
    with pytest.raises(SettingsError, match=f"^KEFU_TIMEZONE: .*{zone}"):
        read(TIMEZONE=zone)


def test_an_unknown_time_zone_ends_every_command_with_one_sentence(monkeypatch, capsys):
    from kefu.run.__main__ import main

    monkeypatch.setenv("KEFU_TIMEZONE", "Mars/Olympus")
    settings.cache_clear()
    try:
        assert main(["prepare"]) == 1
    finally:
        settings.cache_clear()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("KEFU_TIMEZONE: ")


def test_times_and_days_are_shown_in_the_companys_zone(read, monkeypatch):
    late = datetime(2026, 11, 22, 16, 30)
    monkeypatch.setattr(db, "utcnow", lambda: late)
    read()
    assert db.company_time(late).strftime("%Y-%m-%d %H:%M") == "2026-11-23 00:30"
    assert db.today() == date(2026, 11, 23)
    read(TIMEZONE="America/New_York")
    assert db.today() == date(2026, 11, 22)


def test_a_switch_that_is_neither_on_nor_off_is_refused_by_the_name_of_its_variable(read):
    assert [read(WEBHOOK_PRIVATE=text).webhook_private for text in ("", "0", "1", "True")] == [
        False, False, True, True
    ]  # fmt: skip
    with pytest.raises(SettingsError, match="^KEFU_WEBHOOK_PRIVATE: 'maybe'"):
        read(WEBHOOK_PRIVATE="maybe")
