"""Who gets a ticket, in what order, and until when: the rules of ``data/routing.yml``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, validator

from kefu import rulebook
from kefu.config import ROOT, settings
from kefu.customers.service import LEVELS
from kefu.db import utcnow
from kefu.knowledge.schema import TICKET_KINDS, URGENCIES, Label
from kefu.language.normalize import normalize
from kefu.rulebook import Entry
from kefu.tickets.calendar import Span, WorkingTime

#: The worst first.
MOODS = ("angry", "unhappy", "neutral", "happy")
CHANNELS = ("web", "app", "wechat")
#: What a route must have in the end; the last rule says what no other did.
FIELDS = ("queue", "skill", "priority", "respond", "resolve", "clock")
FIRST, LAST = 1, 5

_DURATION = re.compile(r"([1-9][0-9]{0,3})([mhd])")
_SHARE = re.compile(r"([1-9][0-9]?)\s?%")


@dataclass(frozen=True)
class Case:
    """What is known of a request when it is routed.

    Attributes:
        kind, urgency: Of the ticket (``TICKET_KINDS``, ``URGENCIES``).
        line, function, problem_type: The category path.
        level: ``normal`` or ``vip``.
        mood: How the customer feels.
        urged: How often they have pressed.
        text: What they wrote.
        at: When it came (UTC).
    """

    kind: str
    urgency: str = "normal"
    line: str | None = None
    function: str | None = None
    problem_type: str | None = None
    level: str = "normal"
    channel: str = ""
    mood: str = "neutral"
    urged: int = 0
    text: str = ""
    at: datetime = field(default_factory=utcnow)


@dataclass(frozen=True)
class Route:
    """Where a request goes.

    Attributes:
        queue, skill: The team, and what its member must be able to do.
        priority: 1 (first) to 5.
        respond_by, resolve_by: Until when somebody answers, and it is done (UTC).
        reasons: What was said by which rule: ``(field, value, rule)``, in the order of the rules.
    """

    queue: str
    skill: str
    priority: int
    respond_by: datetime
    resolve_by: datetime
    reasons: tuple[tuple[str, str, str], ...]


class _Times(Entry):
    from_: time = Field(alias="from")
    until: time

    @validator("until")
    def _later(cls, value: time, values: dict) -> time:
        if "from_" in values and value <= values["from_"]:
            raise ValueError("is not later than from")
        return value


_Open = _Times | Literal["closed"]


class _Hours(Entry):
    weekdays: _Open
    weekends: _Open
    holidays: _Open
    days: dict[date, _Open] = {}


def _one_of(name: str, known: tuple[str, ...]) -> classmethod:
    def check(value: str) -> str:
        if value not in known:
            raise ValueError(f"{value} is not one of {', '.join(known)}")
        return value

    return validator(name, each_item=True, allow_reuse=True)(check)


class _When(Entry):
    kind: list[str] | None
    urgency: list[str] | None
    line: list[str] | None
    function: list[str] | None
    problem_type: list[str] | None
    level: list[str] | None
    channel: list[str] | None
    mood: list[str] | None
    open: bool | None
    urged: int | None
    words: list[str] | None

    _kind = _one_of("kind", TICKET_KINDS)
    _urgency = _one_of("urgency", URGENCIES)
    _level = _one_of("level", LEVELS)
    _channel = _one_of("channel", CHANNELS)
    _mood = _one_of("mood", MOODS)

    @validator(
        "kind", "urgency", "line", "function", "problem_type", "level", "channel", "mood", "words", pre=True
    )
    def _listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @validator("words", each_item=True)
    def _expression(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"{value!r} is no regular expression: {error}") from error
        return value

    def holds(self, case: Case, text: str, is_open: bool) -> bool:
        """Whether every condition holds; ``text`` is normal."""
        for name in ("kind", "urgency", "line", "function", "problem_type", "level", "channel", "mood"):
            wanted = getattr(self, name)
            if wanted is not None and getattr(case, name) not in wanted:
                return False
        if self.open is not None and self.open != is_open:
            return False
        if self.urged is not None and case.urged < self.urged:
            return False
        return self.words is None or any(re.search(word, text) for word in self.words)


class _Then(Entry):
    queue: str | None
    skill: str | None
    priority: int | None = Field(ge=FIRST, le=LAST)
    respond: str | None
    resolve: str | None
    clock: Literal["always", "working"] | None

    @validator("respond", "resolve")
    def _duration(cls, value: str) -> str:
        if not _DURATION.fullmatch(value):
            raise ValueError(f"{value!r} is no duration such as 30m, 4h or 2d")
        return value


class _Rule(Entry):
    name: str = Field(min_length=1)
    english: str = ""
    when: _When = _When()
    then: _Then = _Then()
    up: int = Field(0, alias="raise", ge=0, le=LAST)


class _Deadlines(Entry):
    warn_after: str = "75%"
    up: int = Field(1, alias="raise", ge=0, le=LAST)

    @validator("warn_after")
    def _percent(cls, value: str) -> str:
        if not _SHARE.fullmatch(value):
            raise ValueError(f"{value!r} is no share between 1% and 99%")
        return value

    @property
    def share(self) -> float:
        """How much of a promised time may go by without a warning, from 0 to 1."""
        return int(_SHARE.fullmatch(self.warn_after).group(1)) / 100


class Routing(Entry):
    """The whole file."""

    hours: _Hours
    deadlines: _Deadlines = _Deadlines()
    queues: dict[str, Label]
    # Not `rules`: below data/ that would be Rasa's.
    rules: list[_Rule] = Field(alias="routing", min_items=1)

    @validator("rules")
    def _complete(cls, rules: list[_Rule], values: dict) -> list[_Rule]:
        for rule in rules:
            queue = rule.then.queue
            if queue is not None and queue not in values.get("queues", {}):
                raise ValueError(f"{rule.name}: queue: {queue} is not one of {', '.join(values['queues'])}")
        last = rules[-1]
        if last.when != _When():
            raise ValueError(f"{last.name}: the last rule must have no conditions")
        if missing := [name for name in FIELDS if getattr(last.then, name) is None]:
            raise ValueError(f"{last.name}: the last rule must say {missing[0]}")
        return rules

    def skills(self) -> list[str]:
        """What the rules ask for, in their order."""
        return list(dict.fromkeys(rule.then.skill for rule in self.rules if rule.then.skill))

    def labels(self) -> dict[str, Label]:
        """How each rule is called where reasons are shown, by its name."""
        return {rule.name: Label(zh=rule.name, en=rule.english or rule.name) for rule in self.rules}

    def working_time(self) -> WorkingTime:
        """The company's hours."""
        hours = self.hours
        return WorkingTime(
            weekdays=_span(hours.weekdays),
            weekends=_span(hours.weekends),
            holidays=_span(hours.holidays),
            zone=ZoneInfo(settings().company_timezone),
            days={day: _span(times) for day, times in hours.days.items()},
        )


def read(path: Path) -> Routing:
    """Reads and checks a file of rules.

    Raises:
        RuleError: It is no YAML, or a field is missing, unknown or wrong.
    """
    return rulebook.read(Routing, path)


def rules(path: Path = ROOT / "data" / "routing.yml") -> Routing:
    """The rules in force: the file's, or the last right ones while it has a mistake.

    Raises:
        RuleError: The file was never right in this process.
    """
    return rulebook.current(Routing, path)


def route(case: Case, routing: Routing | None = None) -> Route:
    """Decides where a request goes, and says why."""
    routing = routing or rules()
    hours = routing.working_time()
    is_open, text = hours.is_open(case.at), normalize(case.text).text
    said: dict[str, Any] = {}
    reasons: list[tuple[str, str, str]] = []
    up = 0
    for rule in routing.rules:
        if not rule.when.holds(case, text, is_open):
            continue
        for name in FIELDS:
            value = getattr(rule.then, name)
            if value is not None and name not in said:
                said[name] = value
                reasons.append((name, str(value), rule.name))
        if rule.up:
            up += rule.up
            reasons.append(("raise", str(rule.up), rule.name))
    always = said["clock"] == "always"
    return Route(
        queue=said["queue"],
        skill=said["skill"],
        priority=max(FIRST, said["priority"] - up),
        respond_by=due(case.at, said["respond"], hours, always),
        resolve_by=due(case.at, said["resolve"], hours, always),
        reasons=tuple(reasons),
    )


def due(start: datetime, duration: str, hours: WorkingTime, always: bool) -> datetime:
    """Until when something is to be done.

    Args:
        start: When the time begins to run (UTC without zone).
        duration: As the rules write it: ``30m``, ``4h``, ``2d``.
        hours: The company's.
        always: Whether it runs at night and on holidays too.
    """
    number, unit = _DURATION.fullmatch(duration).groups()
    if unit == "d" and not always:
        return hours.end_of_days(start, int(number))
    span = timedelta(**{{"m": "minutes", "h": "hours", "d": "days"}[unit]: int(number)})
    return start + span if always else hours.after(start, span)


def _span(times: Any) -> Span | None:
    return None if times == "closed" else (times.from_, times.until)
