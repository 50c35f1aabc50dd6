"""The last word on entities: which source wins, and canonical values."""

import pytest
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from kefu.knowledge.live import name_matcher
from kefu.knowledge.load import load
from kefu.nlu.entities import EntityResolver
from kefu.nlu.names import NAMES, KnowledgeNames
from kefu.nlu.tokenizer import ChineseTokenizer


@pytest.fixture
def understand(company, monkeypatch, tmp_path):
    """Names and resolver on the small company; what the extractor learned is given by the test."""
    monkeypatch.setattr(name_matcher, "value", None)
    monkeypatch.setattr(name_matcher, "edition", None)
    load()
    tokenizer = ChineseTokenizer(ChineseTokenizer.get_default_config())
    names = KnowledgeNames.create({}, None, None, None)
    (tmp_path / "model").mkdir()
    place = LocalModelStorage(tmp_path / "model"), Resource("resolver")

    def run(text, intent="report_fault", **learned):
        message = Message(data={TEXT: text, INTENT: {"name": intent, "confidence": 1.0}})
        names.process(tokenizer.process([message]))
        found = [
            {"entity": entity, "value": said, "start": text.index(said), "end": text.index(said) + len(said)}
            for entity, said in learned.items()
        ]
        message.set(ENTITIES, found)
        run.resolver.process([message])
        run.message = message
        return [(e["entity"], text[e["start"] : e["end"]], e["value"]) for e in message.get(ENTITIES)]

    run.resolver = EntityResolver.create({}, *place, None)
    run.place = place
    return run


def test_a_name_becomes_the_canonical_name_on_its_original_span(understand):
    assert understand("我的Ｄ２　Ｍａｘ坏了") == [("product", "Ｄ２　Ｍａｘ", "D2 Max")]


def test_a_number_of_fixed_form_wins_over_what_was_learned(understand):
    assert understand("打13800138000", "inform", order_number="13800138000") == [
        ("phone", "13800138000", "13800138000")
    ]


def test_a_product_wins_over_what_was_learned(understand):
    assert understand("二号灯", symptom="二号灯") == [("product", "二号灯", "D2 Max")]


def test_what_was_learned_wins_over_other_names(understand):
    assert understand("定时老是点不着", symptom="老是点不着")[-1] == ("symptom", "老是点不着", "老是点不着")


def test_a_symptom_from_the_knowledge_is_found_where_nothing_was_learned(understand):
    assert ("symptom", "点不着", "点不着") in understand("它点不着")


def test_a_learned_value_that_the_knowledge_knows_gets_its_canonical_name(understand):
    assert understand("倒計時怎么用", "ask_how_to", function="倒計時") == [("function", "倒計時", "定时开关")]


def test_options_and_ratings_become_digits(understand):
    assert understand("第二个", "choose_option", option_index="第二个") == [("option_index", "第二个", "2")]
    assert understand("五星", "rate_service", rating="五星") == [("rating", "五星", "5")]


def test_entities_stand_in_order_and_apart(understand):
    found = understand("工单GD26112200070，二号灯E01点不着，电话13800138000")
    assert [entity for entity, _, _ in found] == [
        "ticket_number",
        "product",
        "error_code",
        "symptom",
        "phone",
    ]


def test_a_message_without_entities_has_none(understand):
    assert understand("你好", "greet") == []


def test_the_tokens_of_a_name_are_marked_for_the_extractor(understand):
    understand("一号灯点不着")
    marked = [(t.text, t.get("pattern").get("name"), t.get("pattern").get("name_edge"))
              for t in understand.message.get(TOKENS_NAMES[TEXT])]  # fmt: skip
    assert marked[:4] == [
        ("一", "product", "B"),
        ("号", "product", "I"),
        ("灯", "product", "I"),
        ("点", "symptom", "B"),
    ]
    assert [name["value"] for name in understand.message.get(NAMES)] == ["D1", "点不着"]


def test_a_name_that_trainers_leave_unmarked_is_left_to_the_extractor(understand):
    assert ("symptom", "点不着", "点不着") in understand("它点不着")
    unmarked = Message(data={TEXT: "它点不着", ENTITIES: [], NAMES: understand.message.get(NAMES)})
    understand.resolver.train(TrainingData([unmarked]))
    assert understand("它点不着") == []
    understand.resolver = EntityResolver.load({}, *understand.place, None)
    assert understand("它点不着") == []
    assert understand("点不着", symptom="点不着") == [("symptom", "点不着", "点不着")]


def test_names_that_no_example_holds_are_trusted_as_far_as_trainers_mark_others_of_their_kind(
    understand, company, monkeypatch
):
    understand.resolver.train(TrainingData([]))
    assert understand("它点不着") == [("symptom", "点不着", "点不着")]
    understand("它不亮")
    unmarked = Message(data={TEXT: "它不亮", ENTITIES: [], NAMES: understand.message.get(NAMES)})
    understand.resolver.train(TrainingData([unmarked]))
    assert understand("它点不着") == []
    assert understand("D2 Max") == [("product", "D2 Max", "D2 Max")]
    light = company / "light.yml"
    light.write_text(light.read_text().replace("点不着]", "点不着, 冒怪味]"))
    load()
    monkeypatch.setattr(name_matcher, "value", None)
    assert understand("它冒怪味") == [("symptom", "冒怪味", "冒怪味")]  # newer than the training


def test_an_address_takes_the_house_and_room_behind_it_along(understand):
    assert understand("寄到建国路88号3号楼502", "inform", address="建国路88") == [
        ("address", "建国路88号3号楼502", "建国路88号3号楼502")
    ]


def test_a_learned_entity_must_look_like_what_it_is_said_to_be(understand):
    assert understand("打12315", "complain", phone="12315") == []
    assert understand("第三次催了", "urge_ticket", option_index="第三") == []
