"""What is said to a question: the graph's reply, the fact found, or that it is not so."""

import pytest

from kefu.knowledge.entries import Mentions
from kefu.knowledge.load import load
from kefu.knowledge.service import catalog
from kefu.knowledge.trust import decide
from tests.company import edit, write

CLOCK = """
    product_line:
      name: 智能钟
    products:
    - name: W1
      title: 晨光 W1 智能钟
      summary: 床头用的钟。
      price: 59 元
    functions:
    - name: 闹钟
      aliases: [响铃, 倒计时]
      products: [W1]
      summary: 到点响。
"""


@pytest.fixture
def loaded(company):
    edit(company / "light.yml", "products: [D1, D2 Max]", "products: [D2 Max]")
    load()
    return catalog()


def test_a_known_question_is_answered_with_its_fact(loaded):
    decision = decide(loaded, "灯保修几年", intent="ask_policy")
    assert (decision.kind, decision.found[0].fact.ref) == ("answer", "policy:灯具保修")


def test_a_question_about_another_makers_product_is_not_answered_with_ours(loaded):
    assert decide(loaded, "小米的灯保修几年", intent="ask_policy").kind != "answer"


def test_a_policy_that_has_ended_is_told_as_such(loaded):
    decision = decide(loaded, "春季满减", intent="ask_policy")
    assert (decision.kind, decision.fact.ref) == ("not_in_force", "policy:春季满减")


def test_steps_for_what_a_product_has_not_are_not_given(loaded):
    mentions = Mentions(products=("D1",), functions=("定时",))
    decision = decide(loaded, "D1 怎么设定时关灯", mentions, "ask_how_to")
    assert (decision.kind, decision.products) == ("lacking", ("D2 Max",))


@pytest.mark.parametrize(("said", "kind"), [("闹钟", "lacking"), ("响铃", "choices"), ("倒计时", "answer")])
def test_a_function_of_another_line_is_denied_only_by_its_name(company, said, kind):
    write(company / "clock.yml", CLOCK)
    load()
    mentions = Mentions(products=("D1",), functions=(said,))
    assert decide(catalog(), f"D1 怎么设{said}", mentions, "ask_how_to").kind == kind


def test_the_graph_replies_to_what_it_understands_whole(loaded):
    assert decide(loaded, "D1支持定时吗").reply.holds == (False,)
