"""Settings from the environment, with defaults that work on one machine.

Every variable has the prefix ``KEFU_``; none is needed. Secrets are never defaults: a missing
``KEFU_SECRET`` is drawn once and kept in ``<var>/secret``, readable by its owner only.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ROOT = Path(__file__).resolve().parent.parent


class SettingsError(ValueError):
    """A variable of the environment can't be used; the message is one sentence that names it."""


@dataclass(frozen=True)
class Settings:
    """What differs between installations.

    Attributes:
        var_dir: Folder of everything written while running (database, secret, logs).
        database_url: SQLAlchemy URL of Kefu's own tables (``KEFU_DATABASE_URL``).
        tracker_url: SQLAlchemy URL of Rasa's tracker store; a PostgreSQL ``database_url`` serves both.
        knowledge_dir: The company's facts.
        secret: Signs what customers carry (session tokens).
        company_timezone: IANA zone in which times are shown.
        allowed_origins: Sites that may embed the chat page's socket; empty means same origin only.
        redis_url: Redis in which several Rasa servers share their locks; ``None`` for one server.
        sms_url: Gateway that sends codes to phones; ``None``: phones cannot be proved here.
        wechat: Whether customers can come by WeChat.
        sms_token: What the gateway knows us by.
        assign_seconds: How long customers and new tickets wait for an operator to choose them before one is
            chosen for them.
        take_back_seconds: How long an operator may be offline before tickets not begun go back.
        close_after_days: How long customers may take to say whether a resolved ticket is solved.
        webhook_private: Whether webhooks may go to private addresses and to this machine.
        push_url: Gateway that rings the company's app; ``None``: it is not rung.
        push_token: What that gateway knows us by.
    """

    var_dir: Path
    database_url: str = field(repr=False)
    tracker_url: str = field(repr=False)
    knowledge_dir: Path
    secret: str = field(repr=False)
    company_timezone: str
    allowed_origins: tuple[str, ...]
    redis_url: str | None = field(default=None, repr=False)
    sms_url: str | None = field(default=None, repr=False)
    sms_token: str = field(default="", repr=False)
    wechat: bool = False
    assign_seconds: int = 20
    take_back_seconds: int = 1800
    close_after_days: int = 3
    webhook_private: bool = False
    push_url: str | None = field(default=None, repr=False)
    push_token: str = field(default="", repr=False)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Reads the environment once; ``settings.cache_clear()`` makes the next call read it again.

    Raises:
        SettingsError: A variable can't be used.
    """
    var_dir = Path(os.environ.get("KEFU_VAR_DIR") or ROOT / "var")
    var_dir.mkdir(parents=True, exist_ok=True)
    database_url = os.environ.get("KEFU_DATABASE_URL") or f"sqlite:///{var_dir / 'kefu.db'}"
    # SQLite locks whole files, so the tracker gets its own; a server holds both in one database.
    shared = not database_url.startswith("sqlite")
    default_tracker = database_url if shared else f"sqlite:///{var_dir / 'tracker.db'}"
    origins = os.environ.get("KEFU_ALLOWED_ORIGINS", "")
    return Settings(
        var_dir=var_dir,
        database_url=database_url,
        tracker_url=os.environ.get("KEFU_TRACKER_URL") or default_tracker,
        knowledge_dir=Path(os.environ.get("KEFU_KNOWLEDGE_DIR") or ROOT / "data" / "knowledge"),
        secret=os.environ.get("KEFU_SECRET") or _kept_secret(var_dir / "secret"),
        company_timezone=_zone(os.environ.get("KEFU_TIMEZONE") or "Asia/Shanghai"),
        allowed_origins=tuple(o.strip() for o in origins.split(",") if o.strip()),
        redis_url=os.environ.get("KEFU_REDIS_URL") or None,
        wechat=bool(os.environ.get("KEFU_WECHAT_APPID")),
        sms_url=os.environ.get("KEFU_SMS_URL") or None,
        sms_token=os.environ.get("KEFU_SMS_TOKEN") or "",
        assign_seconds=_number("KEFU_ASSIGN_SECONDS", 20, "seconds", 0, 86_400),
        take_back_seconds=_number("KEFU_TAKE_BACK_SECONDS", 1800, "seconds", 0, 86_400),
        close_after_days=_number("KEFU_CLOSE_AFTER_DAYS", 3, "days", 1, 365),
        webhook_private=_switch("KEFU_WEBHOOK_PRIVATE"),
        push_url=os.environ.get("KEFU_PUSH_URL") or None,
        push_token=os.environ.get("KEFU_PUSH_TOKEN") or "",
    )


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown, or no name of a zone at all
        raise SettingsError(f"KEFU_TIMEZONE: {name!r} is no time zone, as Asia/Shanghai is one.") from None


def _number(variable: str, default: int, unit: str, least: int, most: int) -> int:
    text = os.environ.get(variable) or str(default)
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise SettingsError(f"{variable}: {text!r} is no number of {unit} between {least} and {most}.")
    return int(text)


def _switch(variable: str) -> bool:
    text = (os.environ.get(variable) or "0").lower()
    if text not in ("0", "1", "false", "true"):
        raise SettingsError(f"{variable}: {text!r} is neither 1 nor 0.")
    return text in ("1", "true")


def _kept_secret(path: Path) -> str:
    """Returns the secret in ``path``, drawing it first if there is none (safe between processes)."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    if not path.exists():
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)  # atomic: the first process wins, the others read its secret
        except FileExistsError:
            pass
        draft.unlink()
    return path.read_text().strip()
