"""Routing: the rules of the file as a table of cases, how they combine, and faulty files."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from kefu.config import ROOT
from kefu.rulebook import RuleError
from kefu.tickets import routing
from kefu.tickets.routing import Case, read, route, rules

CASES = YAML(typ="safe").load((Path(__file__).parent.parent / "routing" / "cases.yml").read_text("utf-8"))
#: A Friday at 10 in Shanghai.
WORKDAY = datetime(2026, 11, 20, 2, 0)


def name_of(case):
    return " ".join(str(value) for value in case["when"].values())


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_request_goes_where_the_company_wants_it(case):
    decided = route(Case(**{"at": WORKDAY, **case["when"]}))
    wanted = case["then"]
    found = {name: getattr(decided, name) for name in wanted if name not in ("respond", "resolve")}
    found |= {
        name: getattr(decided, f"{name}_by") - WORKDAY for name in wanted if name in ("respond", "resolve")
    }
    expected = {
        name: timedelta(minutes=value) if name in ("respond", "resolve") else value
        for name, value in wanted.items()
    }
    assert found == expected


def test_there_are_enough_cases():
    assert len(CASES) >= 80


def test_every_value_is_explained_by_a_rule_of_the_file():
    decided = route(Case("repair", line="智能门锁", level="vip", at=WORKDAY))
    names = {rule.name for rule in rules().rules}
    assert {field for field, _, _ in decided.reasons} >= set(routing.FIELDS)
    assert all(rule in names for _, _, rule in decided.reasons)


RIGHT = """
hours: {weekdays: {from: '09:00', until: '18:00'}, weekends: closed, holidays: closed}
queues: {all: {zh: 全部, en: All}}
routing:
- name: first
  when: {urgency: high}
  then: {priority: 2}
- name: rest
  then: {queue: all, skill: any, priority: 4, respond: 1h, resolve: 2d, clock: working}
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "routing.yml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_what_an_earlier_rule_said_stays(write):
    decided = route(Case("repair", "high", at=WORKDAY), read(write(RIGHT)))
    assert (decided.priority, decided.queue) == (2, "all")


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("urgency: high", "urgency: hot", 6, "hot is not one of critical"),
        ("urgency: high", "urgncy: high", 6, "extra fields"),
        ("urgency: high", "words: ['(']", 6, "no regular expression"),
        ("priority: 2", "priority: 9", 7, "less than or equal to 5"),
        ("respond: 1h", "respond: soon", 9, "no duration"),
        ("queue: all", "queue: none", 4, "none is not one of all"),
        ("until: '18:00'", "until: '08:00'", 2, "not later than from"),
        (", clock: working", "", 4, "must say clock"),
        ("- name: rest\n", "- name: rest\n  when: {urgency: low}\n", 4, "no conditions"),
        ("queues:", "deadlines: {warn_after: 100%}\nqueues:", 3, "no share between 1% and 99%"),
        ("queues:", "deadlines: {warn: 50%}\nqueues:", 3, "extra fields"),
        ("queues:", "deadlines: {raise: -1}\nqueues:", 3, "greater than or equal to 0"),
        ("routing:", "routing: [", 4, ""),
    ],
)
def test_a_mistake_is_named_with_its_line(write, old, new, line, message):
    with pytest.raises(RuleError) as error:
        read(write(RIGHT.replace(old, new, 1)))
    assert message in str(error.value)
    if message:
        assert f"line {line}:" in str(error.value)


def test_a_rule_is_named_in_both_languages_and_one_without_english_as_it_is(write):
    named = rules().labels()
    assert all(label.en.isascii() for label in named.values())
    first = RIGHT.partition("- name: ")[2].partition("\n")[0]
    assert read(write(RIGHT)).labels()[first].en == first


def test_while_the_file_is_faulty_the_last_right_rules_hold(write):
    path = write(RIGHT)
    before = rules(path)
    path.write_text("routing: [", encoding="utf-8")
    assert rules(path) == before


def test_a_file_that_was_never_right_is_an_error(tmp_path):
    with pytest.raises(RuleError):
        rules(tmp_path / "routing.yml")


def test_queues_and_categories_of_the_file_exist():
    known = YAML(typ="safe").load((ROOT / "data" / "knowledge" / "categories.yml").read_text("utf-8"))
    for rule in rules().rules:
        assert set(rule.when.problem_type or ()) <= set(known["problem_types"])
