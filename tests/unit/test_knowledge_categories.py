"""How a turn is classified: kind, category path, urgency, danger."""

import pytest

from kefu.knowledge.categories import classify, kind_of, rules, says_only_broken, ticket_kind_of, urgency_of
from kefu.knowledge.files import KnowledgeError
from kefu.knowledge.load import load
from kefu.knowledge.service import read_graph
from tests.company import edit


@pytest.fixture
def fault(company):
    load()
    return read_graph()[1].facts["fault:智能灯/灯不亮"]


@pytest.mark.parametrize(
    ("intent", "kind"),
    [
        ("ask_policy", "consult"), ("report_fault", "consult"), ("complain", "complaint"),
        ("give_suggestion", "suggestion"), ("greet", "other"), ("request_refund", "other"),
    ],
)  # fmt: skip
def test_every_intent_has_a_kind(company, intent, kind):
    assert kind_of(intent) == kind


@pytest.mark.parametrize(
    ("intent", "kind"),
    [
        ("report_fault", "repair"),
        ("check_refund", "refund"),
        ("request_human", "consultation"),
        ("", "consultation"),
    ],
)
def test_every_intent_leads_to_a_kind_of_ticket(company, intent, kind):
    assert ticket_kind_of(intent) == kind


@pytest.mark.parametrize(
    ("intent", "text", "urgency", "safety"),
    [
        ("report_fault", "插座冒烟了", "critical", "smoke"),
        ("ask_how_to", "请问一下,摸着有点麻手是怎么回事", "critical", "current"),
        ("report_fault", "電池鼓包了", "critical", "battery"),
        ("report_fault", "孩子锁屋里了", "critical", "locked_in"),
        ("report_fault", "进不了门,人在门外", "high", None),
        ("report_fault", "刚修好又坏了", "high", None),
        ("urge_ticket", "怎么还没人处理", "high", None),
        ("report_fault", "声音有点小", "normal", None),
        ("ask_how_to", "紧急联系人怎么设置", "low", None),
        ("ask_policy", "加急安装要钱吗", "low", None),
        ("give_suggestion", "希望尽快出白色款", "low", None),
    ],
)
def test_danger_is_critical_however_calmly_told_and_a_word_alone_is_not_urgency(
    company, intent, text, urgency, safety
):
    assert urgency_of(intent, text) == (urgency, safety)


def test_every_danger_has_its_own_words_of_safety(company, project):
    domain = (project / "domain.yml").read_text(encoding="utf-8")
    for danger in rules().urgency.critical:
        assert f"  utter_safety_{danger.safety}:" in domain


def test_a_fault_decides_path_and_raises_urgency(fault):
    category = classify("report_fault", "它不亮", None, None, fault)
    assert (category.line, category.function, category.problem_type) == ("智能灯", "定时开关", "无法启动")
    assert category.urgency == "high"
    assert category.as_dict()["path"] == "智能灯/定时开关/无法启动"


def test_without_a_fault_the_intent_gives_the_problem_type(company):
    category = classify("ask_price", "多少钱", "智能灯", None)
    assert category.as_dict()["path"] == "智能灯/价格优惠"
    assert classify("greet", "你好", None, None).as_dict()["path"] == ""


def test_an_edit_of_the_rules_counts_at_once(company):
    assert urgency_of("report_fault", "灯泡炸裂") == ("normal", None)
    edit(company / "categories.yml", "- '起火'", "- '起火'\n    - '炸裂'")
    assert urgency_of("report_fault", "灯泡炸裂") == ("critical", "smoke")


def test_missing_or_faulty_rules_are_named(company):
    edit(company / "categories.yml", "problem_types:", "problem_kinds:")
    with pytest.raises(KnowledgeError, match=r"categories\.yml: problem_"):
        rules()
    (company / "categories.yml").unlink()
    with pytest.raises(KnowledgeError, match=r"categories\.yml: is missing"):
        rules()


def test_only_what_says_nothing_else_is_only_broken():
    assert all(map(says_only_broken, ("出故障了怎么办", "家里那个又用不了了", "it stopped working")))
    assert not any(map(says_only_broken, ("按键失灵", "坏了能保修吗", "打不开", "")))


@pytest.mark.parametrize(
    "text",
    [
        "我家头发缠住滚刷了怎么清理",
        "师傅手脚麻利，给个好评",
        "白天把狗关在屋里，能看到它吗",
        "我头发老是缠在主刷上",
    ],
)
def test_hair_in_a_brush_nimble_hands_and_a_dog_at_home_are_no_danger(company, text):
    assert urgency_of("report_fault", text)[1] is None
