"""What is said to a question: the graph's reply, the fact found, or that it is not so."""

import pytest

from kefu.config import ROOT
from kefu.knowledge.agreement import supports
from kefu.knowledge.entries import Catalog, Mentions
from kefu.knowledge.load import load
from kefu.knowledge.replies import Reply
from kefu.knowledge.service import catalog
from kefu.knowledge.trust import decide
from tests.company import edit, graph_of, write

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


@pytest.fixture(scope="module")
def demo():
    return Catalog(graph_of(ROOT / "data" / "knowledge"))


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


@pytest.mark.parametrize("intent", ["report_fault", "complain", "ask_how_to"])
def test_a_wish_taken_for_something_else_is_answered_all_the_same(demo, intent):
    assert decide(demo, "带猫眼又带指纹的锁", intent=intent).reply.products == ("L3",)
    assert decide(demo, "猫眼一直黑着,指纹也按不动", intent=intent).kind != "reply"


def test_the_graph_replies_to_what_it_understands_whole(loaded):
    assert decide(loaded, "D1支持定时吗").reply.holds == (False,)


def test_policies_of_both_parts_of_a_question_are_shown_beside_each_other(demo):
    decision = decide(demo, "发到新疆要几天,订单60块要不要邮费")
    shown = {item.fact.name for item in decision.found[:3]}
    assert decision.kind == "answer" and {"发货与送达时间", "运费"} <= shown


def test_terms_for_all_products_answer_for_the_one_that_is_named(demo):
    decision = decide(demo, "V5 过保了修一下怎么收费", Mentions(products=("V5",)))
    assert (decision.kind, decision.found[0].fact.name) == ("answer", "保外维修收费")


def test_terms_that_are_silent_on_the_function_named_are_not_given_for_it(demo):
    asked = "换电池要钱吗"
    assert decide(demo, asked, Mentions(functions=("换电池",))).kind == "choices"


def test_a_function_of_several_lines_is_asked_back_though_one_lines_entry_is_best(demo):
    asked = "电池多久充一次电"
    assert decide(demo, asked).kind == "answer"
    assert decide(demo, asked, Mentions(functions=("电池",))).kind == "choices"


def test_what_is_to_be_done_to_a_device_gets_no_list_of_products(demo):
    listed = Reply("fits", ("C2",), ("夜视",))
    assert supports(demo, "能夜视的有哪些", listed)
    assert not supports(demo, "先把夜视关了,晚上还要用", listed)


def test_hearsay_in_one_part_of_a_question_has_to_be_likely_for_that_part_only(demo):
    decision = decide(demo, "不想要了想退掉,退货的邮费听说有运费险会赔吧")
    shown = {item.fact.name for item in decision.found[:3]}
    assert decision.kind == "answer" and {"七天无理由退货", "运费险"} <= shown


def test_what_may_be_meant_of_several_lines_is_asked_back(demo):
    assert decide(demo, "怎么恢复出厂设置呀").kind == "choices"


@pytest.mark.parametrize(("asked", "replied"), [("D1支持定时吗", True), ("小米的D1支持定时吗", False)])
def test_the_graph_does_not_reply_for_another_maker(loaded, asked, replied):
    assert (decide(loaded, asked).kind == "reply") is replied


def test_the_graph_replies_only_with_the_aspect_asked_about(demo):
    assert decide(demo, "能改唤醒词的是哪款").kind == "reply"
    assert decide(demo, "能改唤醒词的是哪个厂代工的").kind != "reply"


@pytest.mark.parametrize(("product", "kind"), [(None, "choices"), ("R1", "answer")])
def test_a_fault_of_several_lines_is_answered_once_one_is_known(demo, product, kind):
    assert decide(demo, "插上电开不了机", intent="report_fault", product=product).kind == kind


def test_a_question_that_asks_for_a_nod_or_complains_gets_no_list_of_products(demo):
    assert decide(demo, "带猫眼的锁有哪几款").kind == "reply"
    assert decide(demo, "送的带猫眼的锁坏了给我换新的").kind != "reply"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("已经出保了,换一次主板人工费是多少", "保外维修收费"),
        ("旧的折给你们能抵多少钱", "以旧换新"),
        ("加买一年延保是多少钱", "延长保修"),
        ("整机保修期有几年", "整机保修"),
    ],
)
def test_terms_that_differ_by_product_are_told_and_the_product_is_asked_for(demo, asked, told):
    decision = decide(demo, asked)
    assert (decision.reply.kind, decision.general.name) == ("which_product", told)


def test_terms_that_differ_by_product_are_answered_once_one_is_named(demo):
    assert decide(demo, "V5 加买一年延保是多少钱", Mentions(products=("V5",))).kind == "answer"
    assert decide(demo, "加买一年延保是多少钱", product="V5").kind == "answer"


def test_a_time_that_is_within_the_terms_of_some_products_only_asks_for_the_product(demo):
    assert decide(demo, "用了两年坏了,还在整机保修里面吗").reply.kind == "which_product"
    assert decide(demo, "用了两个月坏了,还在整机保修里面吗").kind == "answer"


def test_a_lamp_of_several_lines_is_asked_back_though_one_lines_entry_fits_best(demo):
    assert decide(demo, "红灯一闪一闪是啥意思").kind == "choices"


def test_which_part_of_a_device_is_asked_for_gets_no_list_of_products(demo):
    listed = Reply("fits", ("R1", "R3 Pro"), ("恢复出厂",))
    assert supports(demo, "能恢复出厂的有哪个", listed)
    assert not supports(demo, "恢复出厂是按哪个小按钮", listed)


def test_each_part_of_a_story_over_terms_is_told_by_a_policy_that_is_shown(demo):
    decision = decide(demo, "我住在山里一个镇上,要不要另给邮费,快递送不送到村里,得等几天")
    shown = {item.fact.name for item in decision.found[:3]}
    assert decision.kind == "answer" and shown == {"运费", "配送范围", "发货与送达时间"}


def test_how_two_wrongs_of_a_visit_are_settled_is_told_by_both_policies(demo):
    decision = decide(demo, "工程师迟到了两小时,还让我私下转账给他五十,你们怎么处理")
    shown = {item.fact.name for item in decision.found[:3]}
    assert decision.kind == "answer" and {"改约与爽约", "上门人员规范"} <= shown


def test_a_demand_that_excludes_itself_is_not_answered_by_its_parts(demo):
    assert decide(demo, "专票要能抵扣的那种,公司名字和税号一样都不给", intent="ask_policy").kind != "answer"


def test_one_of_two_said_in_one_character_each_is_told_by_what_tells_both(demo):
    decision = decide(demo, "V5到手第九天就出毛病,给修还是换", Mentions(products=("V5",)))
    assert (decision.kind, decision.found[0].fact.name) == ("answer", "十五天质量问题换货")


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("长毛地毯能用V5扫吗", "faq:地毯能扫吗，会不会把地毯拖湿？"),
        ("V5 不连网也能扫吗", "faq:V5 不联网能用吗？"),
    ],
)
def test_an_answer_written_for_the_question_goes_before_what_the_graph_makes_of_its_words(demo, text, ref):
    decision = decide(demo, text, Mentions(products=("V5",)), "ask_product_info")
    told = decision.reply.evidence[0][0] if decision.reply else decision.found[0].fact
    assert told.ref == ref


@pytest.mark.parametrize("intent", ["ask_policy", "ask_product_info"])
def test_who_asks_in_an_entrys_own_words_gets_its_answer(demo, intent):
    entries = demo.graph.of_kind("faq")[::4]
    told = {}
    for entry in entries:
        decision = decide(demo, entry.name, intent=intent)
        of_reply = [fact for facts in decision.reply.evidence for fact in facts] if decision.reply else []
        told[entry.ref] = [fact.ref for fact in of_reply or [one.fact for one in decision.found[:1]]]
    others = [ref for ref, refs in told.items() if refs != [ref]]
    assert len(others) <= 0.02 * len(entries), others


def test_an_entry_about_another_product_is_not_the_answer_though_its_words_are_asked(demo):
    decision = decide(demo, "L1 不联网能用吗？", Mentions(products=("L1",)), "ask_product_info")
    assert decision.kind != "answer" or decision.found[0].fact.ref != "faq:V5 不联网能用吗？"


def test_a_question_over_terms_is_answered_by_the_entry_that_surely_tells_it(demo):
    decision = decide(demo, "包裹停在中转站三天没动过", intent="ask_policy")
    assert decision.found[0].fact.kind == "faq"
