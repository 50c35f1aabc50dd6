"""What domain.yml says: both languages, Chinese punctuation, and every response that actions name."""

import ast
import re

import pytest
from ruamel.yaml import YAML

from kefu.config import ROOT
from kefu.knowledge.schema import CategoryFile
from kefu.language.script import TRADITIONAL, in_script, script_of

RESPONSES = YAML(typ="safe").load((ROOT / "domain.yml").read_text(encoding="utf-8"))["responses"]
CATEGORIES = CategoryFile.parse_obj(
    YAML(typ="safe").load((ROOT / "data" / "knowledge" / "categories.yml").read_text(encoding="utf-8"))
)
_HAN = "[\u3400-\u9fff]"
_HALF_WIDTH = re.compile(rf"{_HAN}[ ]?[,;:?!]|[,;?!]{_HAN}|}}[:;,?!]|{_HAN}[.](?!\w)|[(]{_HAN}|{_HAN}[)]")


def texts(name, english):
    for variant in RESPONSES[name]:
        if (("language", "en") in asked_for(variant)) == english:
            yield variant["text"]
            yield from (button["title"] for button in variant.get("buttons", ()))


def asked_for(variant):
    """What a variant's conditions ask for."""
    return {(c["name"], c["value"]) for c in variant.get("condition", ())}


def response_names():
    """Every response that an action utters by a name written out, with its file."""
    for path in sorted((ROOT / "actions").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and node.value.startswith("utter_")
                and node.value != "utter_action"  # what Rasa calls the name of what was said
            ):
                yield path.name, node.value


def composed_names():
    """Responses whose names actions compose from what the knowledge or a ticket says."""
    yield from (f"utter_safety_{danger.safety}" for danger in CATEGORIES.urgency.critical)
    yield from (f"utter_offer_{kind}" for kind in {*CATEGORIES.ticket_kinds, "consultation"} - {"suggestion"})
    yield from (f"utter_ticket_opened_{urgency}" for urgency in ("critical", "high", "normal", "low"))
    yield from ("utter_language_set_zh", "utter_language_set_en")
    yield from ("utter_style_set_short", "utter_style_set_detailed")


@pytest.mark.parametrize("name", [name for name in RESPONSES if not name.startswith("utter_language_set_")])
def test_every_response_is_worded_in_chinese_and_in_english(name):
    chinese, english = list(texts(name, english=False)), list(texts(name, english=True))
    assert chinese and english
    assert all(
        re.search(_HAN, text) or not re.search(r"[A-Za-z]{2}", re.sub(r"{\w+}", "", text)) for text in chinese
    )
    assert not any(re.search(_HAN, text) for text in english)


#: Responses whose length is the customer's choice: answers, and the steps of a diagnosis.
SHORTENED = ("utter_answer", "utter_answer_with_options", "utter_diagnosis", "utter_diagnosis_next")


@pytest.mark.parametrize("name", RESPONSES)
def test_what_has_a_short_variant_has_it_in_both_languages_and_never_another_without_it(name):
    short = [asked_for(v) for v in RESPONSES[name] if ("style", "short") in asked_for(v)]
    both = [{("style", "short"), ("language", language)} for language in ("zh", "en")]
    # Both conditions: else English and short would be equally special, and chance would choose.
    assert short == (both if name in SHORTENED else [])
    assert len({tuple(b["payload"] for b in v.get("buttons", ())) for v in RESPONSES[name]}) == 1 or not short


@pytest.mark.parametrize("name", RESPONSES)
def test_every_chinese_text_can_be_read_in_traditional_characters(name):
    """By conversion: nothing is left simplified, and what is filled in keeps its place."""
    for text in texts(name, english=False):
        for script in TRADITIONAL:
            turned = in_script(text, script)
            assert script_of(turned) != "zh-Hans"
            assert re.findall(r"{\w+}", turned) == re.findall(r"{\w+}", text)


@pytest.mark.parametrize("name", RESPONSES)
def test_chinese_text_has_full_width_punctuation(name):
    found = [text for text in texts(name, english=False) if _HALF_WIDTH.search(text)]
    assert found == []


@pytest.mark.parametrize("name", RESPONSES)
def test_both_languages_fill_in_the_same_facts_and_offer_the_same_buttons(name):
    def filled(english):
        return {word for text in texts(name, english) for word in re.findall(r"{(\w+)}", text)}

    def pressed(english):
        return {
            tuple(button["payload"] for button in variant.get("buttons", ()))
            for variant in RESPONSES[name]
            if (("language", "en") in asked_for(variant)) == english
        }

    if pressed(True):
        plurals = {
            f"{count}_s" for count in filled(False)
        }  # "minute" or "minutes": Chinese has no such thing
        assert filled(True) <= filled(False) | plurals, "English says what Chinese does not"
        assert pressed(True) == pressed(False)


def test_points_stand_in_the_order_of_the_numbers_by_which_they_are_chosen():
    for variant in RESPONSES["utter_ticket_closed_ask_rating"]:
        points = [re.search(r'"rating": "(\d)"', button["payload"]) for button in variant["buttons"]]
        assert [found and found[1] for found in points] == list("12345")


@pytest.mark.parametrize(("file", "name"), sorted(set(response_names())))
def test_every_response_that_an_action_names_exists(file, name):
    assert name in RESPONSES or any(response.startswith(name) for response in RESPONSES if name.endswith("_"))


@pytest.mark.parametrize("name", sorted(set(composed_names())))
def test_every_response_that_an_action_composes_exists(name):
    assert name in RESPONSES


def test_every_response_that_rules_and_forms_name_exists():
    named = set()
    for path in (ROOT / "data").glob("[rs]*/*.yml"):
        named |= set(re.findall(r"action: (utter_\w+)", path.read_text(encoding="utf-8")))
    assert named - set(RESPONSES) == set()


def test_every_label_of_the_knowledge_says_something_in_both_languages():
    labels = CATEGORIES.labels
    for group in (labels.sources, labels.urgencies, labels.statuses, labels.next_steps, labels.ticket_kinds):
        assert all(label.zh and label.en for label in group.values())


def test_no_action_holds_a_sentence_of_its_own():
    for path in (ROOT / "actions").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        described = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}  # docstrings
        written = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in described]
        assert [text for text in written if isinstance(text, str) and re.search(_HAN, text)] == [], path.name
