"""The mood of a message: learned from its own file, stored, seen, and neutral where nothing is sure."""

import pytest
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from kefu.config import ROOT
from kefu.nlu.mood import MoodClassifier, MoodDataError, read
from kefu.tickets.routing import MOODS

FILE = """
calm_intents: [ask_policy]
moods:
  angry: |
    - 垃圾公司
    - 骗子!!!
    - 什么破锁
    - 气死我了
  unhappy: |
    - 有点失望
    - 唉，又坏了
    - 好着急啊
    - 心累
  neutral: |
    - 你好
    - 门锁打不开
    - 我要退货
    - 谢谢
  happy: |
    - 太棒了
    - 好开心
    - 非常满意
    - 哈哈真好用
"""
RESOURCE = Resource("mood")
CALM = TrainingData([Message.build(text, "ask_policy") for text in ("保修几年", "运费谁出", "能开发票吗")])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mood.yml"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture
def storage(tmp_path):
    (tmp_path / "models").mkdir()
    return LocalModelStorage(tmp_path / "models")


def config(file, **options):
    return {**MoodClassifier.get_default_config(), "examples": str(file), **options}


def trained(file, storage, **options):
    classifier = MoodClassifier.create(config(file, **options), storage, RESOURCE, None)
    classifier.train(CALM)
    return classifier


def parse(classifier, text):
    (message,) = classifier.process([Message(data={TEXT: text})])
    return message.as_dict(only_output_properties=True)["mood"]


def test_what_is_understood_of_a_message_has_its_mood(file, storage):
    mood = parse(trained(file, storage), "你们这个垃圾公司!!!")
    assert mood["name"] == "angry"
    assert 0.4 < mood["confidence"] <= 1


def test_a_stored_classifier_answers_as_the_one_that_was_trained(file, storage):
    classifier = trained(file, storage)
    loaded = MoodClassifier.load(config(file), storage, RESOURCE, None)
    for text in ("失望", "真的太棒了", "门锁"):
        assert parse(loaded, text) == parse(classifier, text)


def test_a_mood_that_is_not_sure_is_neutral(file, storage):
    assert parse(trained(file, storage, threshold=1.0), "骗子!!!")["name"] == "neutral"


def test_examples_of_calm_intents_are_neutral(file, storage):
    classifier = trained(file, storage)
    assert "费" in classifier._model.vectorizer.vocabulary_
    assert parse(classifier, "运费谁出")["name"] == "neutral"


def test_a_calm_intent_that_nobody_has_examples_of_is_told(file, storage):
    classifier = MoodClassifier.create(config(file), storage, RESOURCE, None)
    with pytest.warns(UserWarning, match="mood.yml: calm_intents: .* no intent ask_policy"):
        classifier.train(TrainingData())


@pytest.mark.parametrize("text", ["", "  ", None])
def test_a_blank_message_is_neutral(file, storage, text):
    assert parse(trained(file, storage), text) == {"name": "neutral", "confidence": 0.0}


def test_an_untrained_classifier_calls_everything_neutral(file, storage):
    untrained = MoodClassifier.create(config(file), storage, RESOURCE, None)
    assert parse(untrained, "骗子!!!") == {"name": "neutral", "confidence": 0.0}


def test_other_examples_train_the_model_anew(file):
    before = MoodClassifier.fingerprint_addon(config(file))
    assert MoodClassifier.fingerprint_addon(config(file)) == before
    file.write_text(FILE.replace("心累", "心凉"), encoding="utf-8")
    assert MoodClassifier.fingerprint_addon(config(file)) != before


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("moods: [", "mood.yml: "),
        ("- angry", "moods: is missing"),
        (FILE.replace("calm_intents: [ask_policy]", "calm: []"), "calm: is unknown"),
        (FILE.replace("[ask_policy]", "ask_policy"), "calm_intents: is no list"),
        (FILE.replace("happy: |\n    - 太", "joyful: |\n    - 太"), "joyful is not one of angry, unhappy"),
        (FILE.replace("  angry: |", "  angry: \n  neutral_: |"), "neutral_ is not one of"),
        (FILE[: FILE.index("  happy: |")], "happy: has no examples"),
        (FILE.replace("- 心累", "心累"), "unhappy: '心累' does not begin with '- '"),
        (FILE.replace("- 心累", "- 骗子!!!"), "unhappy: '骗子!!!' stands under angry already"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_place(file, content, says):
    file.write_text(content, encoding="utf-8")
    with pytest.raises(MoodDataError, match=r"^mood\.yml: ") as error:
        read(file)
    assert says in str(error.value)


def test_a_missing_file_is_told_before_training(tmp_path):
    with pytest.raises(MoodDataError, match="gone.yml: can't be read"):
        MoodClassifier.fingerprint_addon(config(tmp_path / "gone.yml"))


def test_our_examples_and_test_messages_have_all_moods_and_share_none():
    ours, unseen = (read(ROOT / name).examples for name in ("data/mood.yml", "tests/nlu/mood.yml"))
    assert {mood for _, mood in ours} == {mood for _, mood in unseen} == set(MOODS)
    assert not {text for text, _ in ours} & {text for text, _ in unseen}
