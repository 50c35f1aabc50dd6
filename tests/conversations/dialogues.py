"""Dialogues as written in the YAML files here, and whether the assistant holds to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from zlib import crc32

import yaml

from tests.conversations.talk import Answer, Talk

_TICKET = re.compile(r"GD\d{10}[\dX]")
_LINK_CODE = re.compile(r"(?:绑定码是|code is) ([0-9A-Z]{8})")
_CUSTOMER = "customer"


@dataclass(frozen=True)
class Expected:
    """One turn: what a customer writes or what happens meanwhile, and what has to come of it (README.md)."""

    customer: str = ""
    says: list[str] = field(default_factory=list)
    colleague: str | None = None
    writes: str = ""
    days: float | None = None
    by: str = _CUSTOMER
    intent: str | None = None
    contains: list[str] = field(default_factory=list)
    not_contains: list[str] = field(default_factory=list)
    slots: dict[str, Any] = field(default_factory=dict)

    def faults(self, answer: Answer) -> Iterator[str]:
        """What is not as expected, each as a sentence."""
        fits = len(self.says) == len(answer.responses)
        if not (fits and all(map(_is_one_of, answer.responses, self.says))):
            yield f"says {', '.join(answer.responses) or 'nothing'}, not {', '.join(self.says)}"
        if "action_default_fallback" in answer.actions:
            yield "no rule knows what comes next"
        if self.intent and answer.intent != self.intent:
            yield f"understood as {answer.intent}, not {self.intent}"
        yield from (f"does not say {text!r}" for text in self.contains if text not in answer.text)
        yield from (f"says {text!r}" for text in self.not_contains if text in answer.text)
        for slot, value in self.slots.items():
            if answer.slots.get(slot) != value:
                yield f"slot {slot} is {answer.slots.get(slot)!r}, not {value!r}"


def _is_one_of(name: str, patterns: str) -> bool:
    return any(fnmatch(name, pattern.strip()) for pattern in patterns.split("|"))


@dataclass(frozen=True)
class Dialogue:
    """A conversation that the assistant has to hold."""

    title: str
    turns: list[Expected]
    group: str
    page_language: str | None = None
    fails: str | None = None
    staffed: bool = False
    level: str = "normal"


def read(folder: Path) -> list[Dialogue]:
    """All dialogues of a folder, by group (file name)."""
    return [
        _dialogue(written, path.stem)
        for path in sorted(folder.glob("*.yml"))
        for written in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


def _dialogue(written: Mapping[str, Any], group: str) -> Dialogue:
    turns = [{key: _listed(key, value) for key, value in turn.items()} for turn in written["turns"]]
    return Dialogue(
        written["title"], [Expected(**turn) for turn in turns], group,
        written.get("page_language"), written.get("fails"), written.get("staffed", False),
        written.get("level", "normal"),
    )  # fmt: skip


def _listed(key: str, value: Any) -> Any:
    if key not in ("says", "contains", "not_contains"):
        return value
    return [str(item) for item in (value if isinstance(value, list) else [value])]


def play(talk: Talk, dialogue: Dialogue) -> tuple[list[str], str]:
    """Plays a dialogue to its end.

    Returns:
        What was not as expected, and the transcript.
    """
    faults, transcript = [], []
    talk.staff("online" if dialogue.staffed else "offline")
    if dialogue.level != "normal":
        talk.give_level(f"{dialogue.group}: {dialogue.title} ({_CUSTOMER})", dialogue.level)
    phone = f"138{crc32(dialogue.title.encode()) % 10**8:08d}"
    known = {"ticket": "", "first_ticket": "", "link_code": "", "phone": phone, "tail": phone[-4:]}
    metadata = {"language": dialogue.page_language} if dialogue.page_language else {}
    for number, turn in enumerate(dialogue.turns, start=1):
        turn = _filled(
            turn, known | {"code": talk.code_sent_to(phone) if "{code}" in str(turn.customer) else ""}
        )
        identity = f"{dialogue.group}: {dialogue.title} ({turn.by})"
        conversation = talk.conversation_of(identity)
        if turn.colleague or turn.days:
            _meanwhile(talk, turn, known["ticket"])
            answer = talk.hear(conversation, identity)
        else:
            answer = talk.say(conversation, turn.customer, metadata | {"identity": identity})
        what = turn.customer or f"colleague: {turn.colleague}, days: {turn.days}"
        found = [f"turn {number} ({what}): {fault}" for fault in turn.faults(answer)]
        transcript += [
            f"{turn.by}: {what}   <{answer.intent} {answer.entities}>",
            *(f"    {name}" for name in answer.responses),
            *(f"    | {line}" for text in answer.texts for line in text.splitlines()),
            *(f"  ! {fault}" for fault in found),
        ]
        faults += found
        for name, form in (("ticket", _TICKET), ("link_code", _LINK_CODE)):
            known[name] = next(reversed(form.findall(answer.text)), known[name])
        known["first_ticket"] = known["first_ticket"] or known["ticket"]
    return faults, "\n".join(transcript)


def _meanwhile(talk: Talk, turn: Expected, ticket: str) -> None:
    """Lets happen what a turn says, with the ticket spoken of last."""
    if turn.colleague:
        talk.desk.works(turn.colleague, ticket, turn.writes)
    if turn.days:
        talk.desk.days_pass(turn.days, ticket)


def _filled(turn: Expected, known: Mapping[str, str]) -> Expected:
    """A turn with its placeholders (README.md) filled in."""

    def fill(text: str) -> str:
        return re.sub(r"{(\w+)}", lambda found: known.get(found[1], found[0]), str(text))

    values = vars(turn) | {
        "customer": fill(turn.customer),
        "contains": [fill(text) for text in turn.contains],
        "not_contains": [fill(text) for text in turn.not_contains],
    }
    return Expected(**values)
