"""Questions that the graph answers by itself, on the demo company's knowledge."""

import json

import pytest

from bench.graph import is_exact
from kefu.config import ROOT
from kefu.db import session_scope
from kefu.events import record
from kefu.knowledge.clicks import MOST, learned_bonuses
from kefu.knowledge.questions import Questions
from kefu.knowledge.trust import Decision
from kefu.knowledge.vocabulary import vocabulary
from tests.company import graph_of


@pytest.fixture(scope="module")
def questions():
    return Questions(graph_of(ROOT / "data" / "knowledge"), vocabulary())


def evidence(reply):
    return [[fact.body for fact in facts] for facts in reply.evidence]


@pytest.mark.parametrize(
    ("text", "products"),
    [
        ("哪款门锁支持指纹而且带猫眼", ["L3"]),
        ("2000以下的门锁有哪些", ["L1", "L3"]),
        ("一千块以内的门锁", ["L1"]),
        ("续航超过半年的门锁", ["L1"]),
        ("不带屏幕的门锁", ["L1"]),
        ("适合120平的路由器", ["R3 Pro"]),
        ("哪款锁支持人脸或者NFC", ["L3"]),
        ("比L3便宜的锁有哪些", ["L1"]),
        ("1000到2000的产品有哪些", ["L3", "R3 Pro"]),
        ("能连200台设备的路由器", ["R3 Pro"]),
        ("which lock has a peephole", ["L3"]),
        ("有没有不用电池的门锁", []),
        ("想要不支持指纹但是支持指纹的锁", []),
        ("支持Mesh但没有游戏加速的路由器", ["R1"]),
        ("除了路由器,哪些设备能连5G wifi", ["C2", "S1"]),
        ("能连wifi但连不了5G频段的有哪些", ["L3", "V5"]),
        ("能听出宝宝哭、还会跟着人转的", ["C2"]),
        ("128G的内存卡能插哪个产品", ["C2"]),
        ("要12V 4A电源的是哪台", ["R3 Pro"]),
        ("支持2.5G网口的路由器", ["R3 Pro"]),
        ("电池正好5000毫安时的有哪几款", ["L3", "S1"]),
        ("你们一共几款门锁", ["L1", "L3"]),
        ("哪些锁可以装在玻璃门上", []),
        ("locks without face recognition", ["L1"]),
    ],
)
def test_products_are_chosen_by_what_they_have_have_not_and_measure(questions, text, products):
    reply = questions.ask(text)
    assert (reply.kind, sorted(reply.products)) == ("fits", products)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("L1支持远程开锁吗", (False,)),
        ("S1有屏幕吗", (False,)),
        ("V5能连5G wifi吗", (False,)),
        ("R1支持IPv6吗", (True,)),
        ("L1和L3都支持NFC吗", (False, True)),
        ("L1的门厚能到110毫米吗", (True,)),
        ("does the L1 support remote unlock?", (False,)),
        ("门槛1.8cm,V5过得去不", (True,)),
        ("我身高1米9,L3能刷脸吗", (True,)),
        ("512G的卡C2认吗", (False,)),
        ("推拉门装L3可以吗", (False,)),
        ("C2加S1,500块够吗", (False, False)),
        ("R1跟R3 Pro能混着组网吗", (True, True)),
        ("一千五能拿下带人脸的锁吗", (False,)),
    ],
)
def test_whether_a_product_has_something_is_told_for_each(questions, text, holds):
    reply = questions.ask(text)
    assert (reply.kind, reply.holds) == ("has", holds)


@pytest.mark.parametrize(
    ("text", "first", "told"),
    [
        ("最便宜的门锁是哪款", "L1", "799 元"),
        ("R1 和 R3 Pro 哪个更轻", "R1", "420 克"),
        ("续航最长的门锁", "L1", "4 节 5 号碱性电池，每天开锁 10 次约用 12 个月"),
        ("cheapest router", "R1", "199 元"),
    ],
)
def test_the_most_is_told_with_the_value_as_it_stands_in_the_source(questions, text, first, told):
    reply = questions.ask(text)
    assert (reply.kind, reply.products[0], evidence(reply)[0]) == ("most", first, [told])


def test_the_most_of_those_shown_last_is_meant_where_no_line_is_named(questions):
    assert questions.ask("最便宜的是哪个", among=["L1", "L3"]).products == ("L1", "L3")


def test_where_the_line_would_decide_it_is_asked_back(questions):
    assert questions.ask("续航最长的是哪个").kind == "which_line"


@pytest.mark.parametrize("text", ["它支持5G吗", "锁能装多厚的门", "路由器那个电源是几安的"])
def test_where_the_product_would_decide_it_is_asked_back(questions, text):
    assert questions.ask(text).kind == "which_product"


def test_what_one_product_has_more_than_the_other_is_told_by_its_functions(questions):
    reply = questions.ask("R3 Pro比R1多哪些功能")
    names = [[fact.name for fact in facts] for facts in reply.evidence]
    assert names == [["USB 存储", "游戏加速", "多链路 MLO"], []]


def test_another_company_is_understood_without_a_change():
    folder = ROOT / "tests" / "search"
    other = Questions(graph_of(folder / "development_company"), vocabulary())
    lines = (folder / "development_company.jsonl").read_text(encoding="utf-8").splitlines()
    exact = []
    for row in map(json.loads, lines):
        reply = other.ask(row["query"])
        exact.append(is_exact(Decision("reply" if reply else "nothing", reply=reply), row["want"]))
    assert sum(exact) / len(exact) >= 0.9


def test_products_differ_in_what_is_asked_about(questions):
    reply = questions.ask("R1 和 R3 Pro 的网口有什么不同")
    assert (reply.kind, reply.wishes) == ("difference", ("网口",))
    assert evidence(reply)[0] == ["1 个千兆 WAN 口 + 3 个千兆 LAN 口"]
    assert evidence(questions.ask("L1和L3的指纹有区别吗")) == [[], []]


def test_a_value_is_quoted_for_the_product_meant(questions):
    assert evidence(questions.ask("R3 Pro适用面积多大")) == [
        ["单台 100–140 平方米，两台 Mesh 200–260 平方米"]
    ]
    assert evidence(questions.ask("多重", product="L1")) == [["约 3.2 千克，含锁体"]]


def test_what_no_fact_knows_of_is_not_answered(questions):
    reply = questions.ask("L1 能用指静脉吗")
    assert (reply.kind, reply.wishes) == ("unknown", ("指静脉",))


@pytest.mark.parametrize(
    "text",
    [
        "L3 指纹不灵",
        "带指静脉的门锁",
        "V5签收5天要退,运费谁出",
        "L1 怎么开远程",
        "S1的电池可以拆吗",
        "保修期内换电池要钱吗",
        "上门安装要多少钱",
        "为什么指纹识别不了",
        "你好",
    ],
)
def test_what_is_not_understood_whole_is_left_to_the_search(questions, text):
    assert questions.ask(text) is None


def test_a_question_is_asked_again_about_another_product(questions):
    assert questions.ask(questions.retold("L1支持远程开锁吗", "L3")).holds == (True,)


def test_many_choices_move_an_entry_and_few_do_not(installation):
    with session_scope() as session:
        for _ in range(40):
            record(session, "option.chosen", "web-1", ref="faq:b", over=["faq:a"])
        for _ in range(3):
            record(session, "answer.helped", "web-1", ref="faq:c")
    with session_scope() as session:
        bonuses = learned_bonuses(session)
    assert set(bonuses) == {"faq:a", "faq:b"}
    assert -MOST < bonuses["faq:a"] < 0 < bonuses["faq:b"] < MOST


def test_a_question_full_of_words_that_say_nothing_is_read_at_once(questions):
    filler = "没有一下我家那款想要" * 8
    assert questions.ask(f"哪款门锁猫咔{filler}猫咔") is None
