"""When a person is needed though nobody asked: the rules of data/takeover.yml, and mistakes in it."""

import pytest

from kefu.handoff.patience import Felt, Need, patience
from kefu.rulebook import RuleError

RIGHT = """\
takeover:
  misses: {times: 2, then: offer}
  angry: {certainty: 0.6, twice: 0.4, then: call}
  unhappy: {times: 3, then: call}
  vip: {misses: 1, wishes: true, then: call}
  pause_minutes: 30
"""
ANGRY, UNHAPPY, CALM = Felt("angry", 0.9), Felt("unhappy", 0.9), Felt("neutral", 0.9)
CALL, OFFER = Need("mood", "call"), Need("misses", "offer")


@pytest.fixture
def rules(tmp_path):
    def write(text=RIGHT):
        path = tmp_path / f"{abs(hash(text))}.yml"
        path.write_text(text)
        return patience(path)

    return write


def test_the_companys_own_rules_can_be_used():
    assert patience().misses.times >= 1


@pytest.mark.parametrize(
    ("felt", "need"),
    [
        ((), None),
        ((CALM, ANGRY, ANGRY), None),
        ((ANGRY,), CALL),
        ((Felt("angry", 0.5),), None),
        ((Felt("angry", 0.5), Felt("angry", 0.4)), CALL),
        ((Felt("angry", 0.5), Felt("angry", 0.3)), None),
        ((UNHAPPY, UNHAPPY), None),
        ((UNHAPPY, Felt("angry", 0.5), UNHAPPY, CALM), CALL),
        ((UNHAPPY, CALM, UNHAPPY, UNHAPPY), None),
    ],
)
def test_anger_asks_for_a_person_at_once_and_unhappiness_when_it_lasts(rules, felt, need):
    assert rules().worn_by_mood(felt) == need


@pytest.mark.parametrize(
    ("level", "misses", "wish", "need"),
    [
        ("normal", 1, False, None),
        ("normal", 2, False, OFFER),
        ("normal", 0, True, None),
        ("vip", 0, False, None),
        ("vip", 1, False, Need("level", "call")),
        ("vip", 0, True, Need("level", "call")),
    ],
)
def test_vip_customers_are_left_alone_for_shorter(rules, level, misses, wish, need):
    assert rules().worn_by_outcome(level, misses, wish) == need


def test_what_is_never_to_happen_does_not(rules):
    never = rules(RIGHT.replace("then: offer", "then: never").replace("then: call", "then: never"))
    assert never.worn_by_mood([ANGRY]) is None
    assert never.worn_by_outcome("vip", 9, True) is None


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("times: 2", "times: 0", "line 2: takeover > misses > times"),
        ("then: offer", "then: ask", "line 2: takeover > misses > then"),
        ("certainty: 0.6", "certainty: 60", "line 3: takeover > angry > certainty"),
        ("  unhappy: {times: 3, then: call}\n", "", "takeover > unhappy: field required"),
        ("wishes: true", "wish: true", "line 5: takeover > vip"),
        ("pause_minutes: 30", "pause_minutes: [", "line"),
    ],
)
def test_a_mistake_is_named_with_its_line(rules, old, new, named):
    with pytest.raises(RuleError) as error:
        rules(RIGHT.replace(old, new, 1))
    assert named in str(error.value)
