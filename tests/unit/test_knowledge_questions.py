"""Questions that the graph answers by itself, on the demo company's knowledge."""

import json

import pytest

from bench.graph import is_exact
from kefu.config import ROOT
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
    ("text", "products"),
    [
        ("有冇唔使插電都用得嘅音箱", ["S1"]),  # a dialect
        ("无需充电、换干电池就行的锁，还要能刷卡", ["L1"]),  # a power bank (充电宝) is not charging
        ("灰色系的有哪些可选", ["L3", "R3 Pro"]),  # a colour is a part of its name
        ("只能连2.4G wifi的产品有几个", ["L3", "V5"]),  # only this of several
        ("支持WPA3又能用IPTV的路由器一共几款", ["R1", "R3 Pro"]),  # items of a list stay apart
        ("有3.5mm插孔又带电池的小音箱有吗", []),  # a number in what says that something is not there
        ("正好11厘米的铜门，能装的门锁都有谁", ["L1", "L3"]),  # a number within a range
        ("最便宜的三样分别是啥", ["C2", "R1", "S1"]),
        ("我家墙上留了线，有能插手机卡的路由器不", []),  # a wish that stands nowhere
    ],
)
def test_wishes_are_read_beside_circumstances(questions, text, products):
    reply = questions.ask(text)
    assert (reply.kind, sorted(reply.products)) == ("fits", products)


@pytest.mark.parametrize(
    ("text", "products"),
    [
        ("买了送运费险的都有哪几款", ["C2", "R1", "R3 Pro", "S1"]),
        ("哪些型号分6期免息", ["L3", "V5"]),
        ("保修三年而且能连wifi的是哪个", ["L3"]),
        ("可以以旧换新、又不到一千块的是哪些", ["L1", "R1"]),
    ],
)
def test_products_are_chosen_by_what_policies_grant(questions, text, products):
    reply = questions.ask(text)
    assert (reply.kind, sorted(reply.products)) == ("fits", products)
    assert all(any(fact.kind == "policy" for fact in facts) for facts in reply.evidence)


@pytest.mark.parametrize(
    ("text", "products"),
    [
        ("不带猫眼也不支持人脸的锁", ["L1"]),
        ("没有屏幕也不要猫眼的门锁", ["L1"]),
        ("锁有哪些,不带猫眼的就别报了", ["L3"]),
        ("要带虹膜识别的锁,哪款最便宜", []),
        ("which is the cheapest lock other than the L1", ["L3"]),
    ],
)
def test_what_is_refused_is_not_offered(questions, text, products):
    assert list(questions.ask(text).products) == products


@pytest.mark.parametrize("text", ["第五贵的门锁", "不要最贵的也不要最便宜的门锁"])
def test_a_place_that_is_not_there_or_not_wanted_tells_nothing(questions, text):
    assert questions.ask(text) is None


def test_one_yes_does_not_answer_two_questions(questions):
    reply = questions.ask("S1支持蓝牙,粤语行吗")
    assert reply is None or not any(reply.holds) or len(reply.wishes) > 1


@pytest.mark.parametrize(
    "text",
    [
        "我之前买的那个现在还在保修期里吗",
        "这单能价保不",
        "门槛有点高，扫地机过得去不",
        "我家的门装得下哪款锁",
    ],
)
def test_what_decides_a_case_of_ones_own_is_asked_back(questions, text):
    assert questions.ask(text).kind == "which_case"


def test_a_policy_answers_a_case_of_which_enough_is_told(questions):
    assert questions.ask("上个月买的那个坏了,还在保修期里吗") is None
    assert questions.ask("它还在保修期里吗", product="L1") is None  # the search knows the policy


@pytest.mark.parametrize("text", ["华为AX6能组mesh的有哪些", "盼盼的锁支持指纹吗", "X9路由器支持IPv6吗"])
def test_other_makers_devices_and_models_that_stand_nowhere_are_left_to_the_search(questions, text):
    assert questions.ask(text) is None


@pytest.mark.parametrize(
    ("text", "differing"),
    [
        ("R1、R3 Pro的多链路 MLO、中继模式、WPS 一键连接，缺不缺", {"多链路 MLO"}),
        ("L1 L3 比：颜色、锁芯、应急供电、工作温度", {"颜色", "工作温度"}),
        ("Do R1 and R3 Pro differ in weight, colour or working temperature?", {"重量", "颜色"}),
        ("端口转发、动态域名、Wi-Fi 定时 两款路由有没有谁缺", set()),
    ],
)
def test_things_listed_for_two_products_are_compared(questions, text, differing):
    reply = questions.ask(text)
    products = zip(reply.products, reply.evidence, strict=True)
    names = {fact.name.removeprefix(f"{product} ") for product, facts in products for fact in facts}
    assert (reply.kind, names) == ("difference", differing)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("C2装64G的卡，最高画质一直录，能存满一礼拜吗", (False,)),  # of two clauses the one with 64 GB
        ("S1离空调10米远，红外还遥控得到吗", (False,)),
        ("刷脸那把锁，我家娃90公分高能刷吗", (False,)),
        ("r1和r3pro的电源头长得差不多，能换着插吗", (False, False)),  # what is told of both together
        ("does the s1 understand cantonese, and can it learn my tv remote", (True,)),
    ],
)
def test_numbers_and_claims_are_judged_by_the_clause_that_speaks_of_them(questions, text, holds):
    assert questions.ask(text).holds == holds


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("L1支持远程开锁吗", (False,)),
        ("S1有屏幕吗", (False,)),
        ("V5能连5G wifi吗", (False,)),
        ("R1支持IPv6吗", (True,)),
        ("L1和L3都支持NFC吗", (False, False)),
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


def test_all_that_share_the_first_place_are_the_most(questions):
    reply = questions.ask("L1和L3哪个能录的指纹更多")
    assert (reply.kind, reply.first, set(reply.products)) == ("most", 2, {"L1", "L3"})


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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("带猫眼的那款多重", "约 5.1 千克，含锁体"),
        ("全自动那个锁,多厚的门能装", "40 至 120 毫米"),
        ("能洗拖布的扫地机充满要多久", "约 4 小时"),
        ("四根天线的那个路由器卖多少钱", "199 元"),
        ("内存大的那款路由器CPU是几核的", "四核 1.5 GHz"),
        ("两百多的那个摄像头，线有多长", "3 米"),
        ("带猫眼的锁连锁体多重", "约 5.1 千克，含锁体"),
        ("how big is the dust bag of your most expensive product", "2.5 升，约 60 天换一次"),
    ],
)
def test_a_value_is_told_of_the_product_that_is_described(questions, text, told):
    assert evidence(questions.ask(text)) == [[told]]


def test_a_function_is_understood_in_other_words_only_where_it_stands_out():
    graph, likeness = graph_of(ROOT / "data" / "knowledge"), {"function:智能摄像头/哭声侦测": 0.5}
    told = Questions(graph, vocabulary(), lambda said: likeness)
    assert told.ask("娃儿闹腾了喊我的设备有哪些").products == ("C2",)
    likeness["function:智能音箱/儿童模式"] = 0.45
    assert told.ask("娃儿闹腾了喊我的设备有哪些") is None


def test_whose_device_is_meant_is_asked_back_where_the_customer_has_one_of_several(questions):
    assert questions.ask("我的锁能远程开锁吗").kind == "which_product"
    assert questions.ask("给我家挑个路由器,哪款合适").kind == "which_product"


@pytest.mark.parametrize(
    "text",
    [
        "哪款支持Wi-Fi 7还能遛狗",
        "哪个带猫眼又能煮饭",
        "保修三年而且能遛狗的是哪个",
        "300到500元的摄像头有哪些",
    ],
)
def test_nothing_fits_where_a_wish_stands_nowhere_or_a_bound_is_not_kept(questions, text):
    reply = questions.ask(text)
    assert (reply.kind, reply.products) == ("fits", ())


def test_a_range_may_be_said_from_its_upper_end(questions):
    assert questions.ask("300到200元的摄像头有哪些").products == ("C2",)


@pytest.mark.parametrize(("text", "told"), [("它很重吗", "约 5.1 千克"), ("续航比较长吗", "5000 mAh")])
def test_whether_it_is_much_is_answered_with_how_much_it_is(questions, text, told):
    reply = questions.ask(text, "L3")
    assert reply.kind == "values" and told in evidence(reply)[0][0]


@pytest.mark.parametrize("text", ["L3支持人脸支付吗", "L3有指纹支付吗", "最便宜的能煮饭的是哪款"])
def test_more_than_what_is_known_is_not_confirmed(questions, text):
    assert questions.ask(text) is None


@pytest.mark.parametrize("text", ["哪款锁的指纹小孩能用", "哪款音箱的蓝牙大人小孩都能连"])
def test_a_part_of_a_longer_word_ranks_nothing(questions, text):
    assert questions.ask(text).kind == "fits"


def test_a_description_that_leaves_several_describes_none(questions):
    assert questions.ask("续航最长的那款多少钱").kind == "which_product"


def test_a_story_is_left_to_the_search_at_once(questions):
    assert questions.ask("门锁" * 100) is None


def test_what_no_fact_knows_of_is_not_answered(questions):
    reply = questions.ask("L1 能用指静脉吗")
    assert (reply.kind, reply.wishes) == ("unknown", ("指静脉",))


@pytest.mark.parametrize(
    ("text", "products"),
    [
        ("有一块旧的移动硬盘,想插上去存照片,哪台设备有这个口", ["R3 Pro"]),
        ("颜色不止一种的有哪几款", ["L3", "S1", "R3 Pro"]),
        ("锁不算,哪些能在零下十度用", ["C2"]),
        ("别是白色的,有哪些路由器", ["R3 Pro"]),
        ("我们公司连锁店,想要三百多块的,有哪些", ["S1"]),
        ("全店顶贵的是哪个", ["V5"]),
        ("预算一千到一千五,有什么", ["R3 Pro"]),
    ],
)
def test_what_is_told_beside_does_not_bound_what_is_sought(questions, text, products):
    reply = questions.ask(text)
    assert set(reply.products[: reply.first] if reply.kind == "most" else reply.products) == set(products)


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


def test_a_question_full_of_words_that_say_nothing_is_read_at_once(questions):
    filler = "没有一下我家那款想要" * 8
    assert questions.ask(f"哪款门锁猫咔{filler}猫咔") is None


@pytest.mark.parametrize(
    ("text", "products"),
    [
        ("第三贵的是哪款", ["R3 Pro"]),
        ("倒数第一轻的路由器是哪台", ["R3 Pro"]),
        ("最重的和最轻的门锁各是哪把", ["L1", "L3"]),
        ("比R1贵又比S1便宜的有哪些", ["C2"]),
    ],
)
def test_a_place_both_ends_and_what_lies_between_two_are_found(questions, text, products):
    reply = questions.ask(text)
    assert sorted(reply.products[: reply.first] if reply.kind == "most" else reply.products) == products


@pytest.mark.parametrize(
    ("text", "products"),
    [
        ("哪几款可以分3期没有利息", ["L3", "V5"]),
        ("哪些不参加以旧换新", ["C2", "S1"]),
        ("哪几款能到我家里来修", ["L1", "L3", "V5"]),
    ],
)
def test_products_are_told_that_a_policy_grants_something_or_leaves_out(questions, text, products):
    assert sorted(questions.ask(text).products) == products


@pytest.mark.parametrize(
    ("text", "products"),
    [
        ("写明不防水的是哪些", ["C2", "R1", "R3 Pro", "S1"]),
        ("哪些东西防水?不防水的别推", ["L1", "L3"]),
        ("深色的音箱和路由器有哪些", ["R3 Pro", "S1"]),
        ("棕的黑的不要,有什么颜色的门锁", ["L3"]),
        ("客人要住,装把锁免得带门卡,门是推拉的,哪款行", []),
        ("哪款路由没有风扇", ["R1", "R3 Pro"]),
        ("家里三五成群的客人,要挂150来个设备,哪台路由器行", ["R3 Pro"]),
        ("办公室110方,路由器选哪台", ["R3 Pro"]),
        ("客厅80平、厂房120平,各买一台路由器,分别是哪台", ["R1", "R3 Pro"]),
        ("能存800条开门记录的锁有哪些", ["L3"]),
    ],
)
def test_wishes_are_read_as_they_are_put(questions, text, products):
    assert sorted(questions.ask(text).products) == products


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("S1的充电头是几瓦的", "18 W"),
        ("L3的人脸识别,多重啊,一个人搬得动吗", "5.1 千克"),
        ("V5那个基站要放鞋柜边上,长宽高多少", "420 × 430"),
        ("音箱充足要几个钟头", "3.5 小时"),
    ],
)
def test_a_value_is_found_by_its_kind_and_its_other_names(questions, text, told):
    assert told in evidence(questions.ask(text))[0][0]


def test_what_one_part_asks_is_denied_but_not_granted_where_more_is_told(questions):
    denied = questions.ask("C2带不带网口,客厅拉线过去方便些")
    assert (denied.kind, denied.holds) == ("has", (False,))
    granted = questions.ask("R3 Pro带不带USB接口,客厅拉线过去方便些")
    assert granted is None or granted.kind != "has"


@pytest.mark.parametrize(
    ("text", "kind", "products"),
    [
        ("音箱不要,摄像头也不要,四百以内还能买什么", "fits", ("R1",)),  # several kinds are left out
        ("扫地机刨开,从贵往便宜数,第二的是哪个", "fits", ("R3 Pro",)),  # a place told with its order
        ("公司要10台路由器,预算3000,买哪款", "fits", ("R1",)),  # what each may cost
        ("家里三个房间,总共预算500,买哪款路由器", "fits", ("R1",)),  # one for all rooms
        ("每把锁预算1000以内,总共要装10把,买哪款", "fits", ("L1",)),  # the budget is of one
        ("安排第二台路由器,最便宜的是哪款", "most", ("R1", "R3 Pro")),  # no place
        ("保修三年的里面最便宜的是哪个", "most", ("L1", "L3")),  # the cheapest of what a policy grants
        ("不能以旧换新的有哪些", "fits", ("C2", "S1")),  # what a policy does not grant
        ("比L1便宜,零下几度也能用的是什么", "fits", ("C2",)),
        ("零下几度也能放外面用、带屏幕的音箱有吗", "fits", ()),  # what nothing meets is not dropped
    ],
)
def test_what_is_left_after_places_budgets_and_terms_is_chosen(questions, text, kind, products):
    reply = questions.ask(text)
    assert (reply.kind, reply.products) == (kind, products)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("L3比L1贵1100,对吗", True),
        ("L3比L1贵800多,对吗", False),
        ("C2比R1轻两百多克吗", False),
        ("R1和C2价格差不到100吧", True),
        ("V5比L1贵不到2000吧", False),
        ("L1比L3贵不到2000,对吗", False),  # it is cheaper
        ("L3比L1贵1050多,对吗", False),
    ],
)
def test_by_how_much_two_products_differ_is_computed(questions, text, holds):
    reply = questions.ask(text)
    assert (reply.kind, reply.holds, reply.together) == ("has", (holds, holds), True)
    assert all(reply.evidence)


def test_all_of_several_is_denied_where_one_fails_and_each_is_told(questions):
    reply = questions.ask("L1和L3都能刷脸吗")
    assert (reply.holds, reply.each) == ((False, False), (False, True))


@pytest.mark.parametrize(
    ("text", "product", "told"),
    [
        ("防水等级高的那把锁充满要多久", "L3", "约 5 小时充满"),
        ("最便宜的产品功耗多大", "R1", "12 W"),
        ("how heavy is the lock without wifi?", "L1", "3.2 千克"),
        ("带USB口的路由器能管多大的房子", "R3 Pro", "100–140"),
        ("便宜的那款锁最冷最热能扛到多少度", "L1", "-20 至 60"),
    ],
)
def test_a_value_is_told_of_a_product_that_is_only_described(questions, text, product, told):
    reply = questions.ask(text)
    assert (reply.kind, reply.products) == ("values", (product,))
    assert told in reply.evidence[0][0].body


@pytest.mark.parametrize(
    "text",
    [
        "C2 没插内存卡能看实时画面吗",
        "不连 Wi-Fi 的话 L1 还能开门吗",
        "R3 Pro 不插硬盘可以正常上网吗",
        "can the V5 clean without Wi-Fi",
    ],
)
def test_what_is_only_a_condition_is_not_taken_for_a_wish(questions, text):
    assert questions.ask(text) is None


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("L1 没有猫眼吗", False),
        ("L3 是不是不带人脸的", True),
        ("C2 没有夜视吗", True),
    ],
)
def test_a_negated_claim_gets_whether_it_is_there(questions, text, holds):
    assert questions.ask(text).holds == (holds,)


def test_of_several_things_only_those_that_are_not_there_are_denied(questions):
    reply = questions.ask("L1 支持指纹和猫眼吗")
    assert (reply.holds, reply.wishes) == ((False,), ("猫眼",))


def test_what_other_lines_are_called_is_no_function(questions):
    assert questions.ask("C2 能扫地吗").holds == (False,)


def test_a_function_that_both_have_does_not_make_two_products_the_same(questions):
    assert questions.ask("R1 和 R3 Pro 哪个信号更强").wishes == ()
    assert questions.ask("R1 和 R3 Pro 的访客网络有区别吗").wishes == ("访客网络",)
