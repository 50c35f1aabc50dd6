"""What is known of a customer: use cases to read it, to add what they tell, to correct it.

Facts are kept by identity (`CustomerFact`); a customer's profile is what all of their identities have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kefu.customers.learning import TOLD, locked, note
from kefu.customers.models import CustomerFact, Evidence
from kefu.customers.service import circle, level_of
from kefu.customers.speech import NAMES, speech
from kefu.db import utcnow
from kefu.events import record

#: What fades below this is not counted on any more: a fault of a product half a life ago still is.
CERTAIN = 0.25
_MOODS = {"angry": -2.0, "unhappy": -1.0, "neutral": 0.0, "happy": 1.0}
#: How far the mood of the last weeks must be from that of months to be a trend.
_TREND = 0.25
_MOST = 3


@dataclass(frozen=True)
class Known:
    """A fact about a customer.

    Attributes:
        name: Which kind (`kefu.customers.speech.NAMES`).
        weight: How much speaks for it today; of facts that were told, about 1 for each time.
        since, at: When something first and last spoke for it (UTC).
        source: What did last (see ``CustomerFact``).
        corrected_by: Who confirmed it, if somebody did.
    """

    name: str
    value: str
    weight: float
    since: datetime
    at: datetime
    source: str
    corrected_by: str | None = None


@dataclass(frozen=True)
class Profile:
    """A customer as the facts show them; lists begin with what most speaks for.

    Attributes:
        devices: Products that they have.
        channel, language: What they use most.
        hours: The hours of the day, of the company's zone, in which they mostly write.
        topics: Category paths that they mostly ask about.
        mood: How they felt lately, from -2 (angry) to 1 (happy); nothing if they said nothing lately.
        trend: ``better``, ``worse`` or ``steady``: lately against before.
        level: How much they matter (`kefu.customers.service.LEVELS`).
        facts: All of it with sources.
    """

    devices: tuple[str, ...]
    cities: tuple[str, ...]
    orders: tuple[str, ...]
    channel: str | None
    language: str | None
    hours: tuple[int, ...]
    topics: tuple[str, ...]
    mood: float | None
    trend: str
    level: str
    facts: tuple[Known, ...]

    def known(self, name: str, value: str) -> Known | None:
        """The fact of that name and value, if it is known."""
        return next((fact for fact in self.facts if (fact.name, fact.value) == (name, value)), None)


def tell(session: Session, identity: str, name: str, value: str, weight: float, source: str) -> None:
    """Adds what an identity has just told, or what was just done for them, to what is known.

    Raises:
        ValueError: ``name`` is no kind of fact.
    """
    _check(name)
    note(session, [Evidence(identity, name, value[:200], utcnow(), weight, source)])


def facts_of(session: Session, conversation: str, names: Iterable[str] = NAMES) -> list[Known]:
    """What is known of the customer to whom ``conversation`` belongs, what most speaks for first."""
    of_whom = dict.fromkeys(circle(session, conversation), conversation)
    return facts_of_many(session, of_whom, names).get(conversation, [])


def facts_of_many(
    session: Session, of_whom: Mapping[str, str], names: Iterable[str] = NAMES
) -> dict[str, list[Known]]:
    """What is known of many customers, of each what most speaks for first.

    Args:
        session: The caller's transaction.
        of_whom: Of each identity, whose it is: a name that is the same for all of one customer's.
        names: Kinds of facts.

    Returns:
        By those names; of whom nothing is known is left out.
    """
    theirs = CustomerFact.identity.in_(list(of_whom))
    rows = session.scalars(select(CustomerFact).where(theirs, CustomerFact.name.in_(list(names))))
    groups: dict[tuple[str, str, str], list[CustomerFact]] = defaultdict(list)
    for row in rows:
        groups[of_whom[row.identity], row.name, row.value].append(row)
    found: dict[str, list[Known]] = defaultdict(list)
    for (customer, _, _), group in groups.items():
        found[customer] += filter(None, [_merged(group)])
    return {one: sorted(facts, key=lambda fact: (-fact.weight, fact.value)) for one, facts in found.items()}


def profile_of(session: Session, conversation: str) -> Profile:
    """The customer to whom ``conversation`` belongs, as the facts show them."""
    facts = facts_of(session, conversation)
    by_name: dict[str, list[Known]] = defaultdict(list)
    for fact in facts:
        by_name[fact.name].append(fact)
    values = {name: tuple(fact.value for fact in by_name[name] if fact.weight >= CERTAIN) for name in NAMES}
    return Profile(
        devices=values["device"], cities=values["city"], orders=values["order"],
        channel=next(iter(values["channel"]), None), language=next(iter(values["language"]), None),
        hours=tuple(int(hour) for hour in values["hour"][:_MOST] if hour.isdigit()),
        topics=values["topic"][:_MOST],
        mood=_mood(by_name["mood"]), trend=mood_trend(facts), level=level_of(session, conversation),
        facts=tuple(facts),
    )  # fmt: skip


def devices_of(session: Session, conversation: str) -> list[str]:
    """The products that the customer to whom ``conversation`` belongs has."""
    return [fact.value for fact in facts_of(session, conversation, ["device"]) if fact.weight >= CERTAIN]


def all_devices(session: Session) -> Iterator[tuple[str, str, datetime]]:
    """Who has which product since when: identity, product, time; what was denied or faded is left out."""
    rows = session.scalars(select(CustomerFact).where(CustomerFact.name == "device", CustomerFact.weight > 0))
    now, half_life = utcnow(), speech().half_life_days["device"]
    return ((row.identity, row.value, row.since) for row in rows if row.faded(now, half_life) >= CERTAIN)


def correct(session: Session, conversation: str, name: str, value: str, right: bool, by: str) -> None:
    """Confirms or denies a fact for the customer to whom ``conversation`` belongs.

    What was learned before no longer counts; only what they tell afterwards does.

    Args:
        session: The caller's transaction.
        conversation: Whose.
        name: Kind of fact.
        value: Which; one that was not known is added when it is confirmed.
        right: Whether it is true.
        by: ``customer`` or ``account:7``.

    Raises:
        ValueError: ``name`` is no kind of fact.
    """
    _check(name)
    now, value = utcnow(), value[:200]
    theirs = CustomerFact.identity.in_(circle(session, conversation))
    same = select(CustomerFact.identity).where(theirs, CustomerFact.name == name, CustomerFact.value == value)
    for identity in sorted({*session.scalars(same), conversation}):
        note(session, [Evidence(identity, name, value, now, 0.0, "correction")])
        fact = locked(session, identity, name, value)
        fact.weight = TOLD if right and identity == conversation else 0.0
        fact.at, fact.source, fact.corrected_by, fact.corrected_at = now, "correction", by, now
    record(session, "profile.corrected", conversation, fact=name, right=right, by=by)


def _merged(rows: list[CustomerFact]) -> Known | None:
    """One fact out of what several identities have; nothing if the newest correction denies it."""
    corrected = max((row.corrected_at for row in rows if row.corrected_at), default=None)
    counted = [row for row in rows if row.weight and (corrected is None or row.at >= corrected)]
    if not counted:
        return None
    now, half_life = utcnow(), speech().half_life_days[rows[0].name]
    newest = max(counted, key=lambda row: row.at)
    return Known(
        newest.name, newest.value, sum(row.faded(now, half_life) for row in counted),
        min(row.since for row in counted), newest.at, newest.source, newest.corrected_by,
    )  # fmt: skip


def _mood(facts: list[Known]) -> float | None:
    total = sum(fact.weight for fact in facts)
    if total < CERTAIN:
        return None
    return sum(_MOODS.get(fact.value, 0.0) * fact.weight for fact in facts) / total


def mood_trend(facts: Iterable[Known]) -> str:
    """``better``, ``worse`` or ``steady``: how a customer felt lately against before."""
    facts = list(facts)
    mood, before = (_mood([one for one in facts if one.name == name]) for name in ("mood", "mood_before"))
    if mood is None or before is None or abs(mood - before) < _TREND:
        return "steady"
    return "better" if mood > before else "worse"


def _check(name: str) -> None:
    if name not in NAMES:
        raise ValueError(f"{name!r} is not one of {', '.join(NAMES)}")
