"""The intent classifier: learns, is stored, is loaded, and answers honestly without training."""

import numpy as np
import pytest
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, INTENT, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from kefu.nlu.classifier import LinearIntentClassifier

EXAMPLES = {
    "greet": ["你好", "您好呀", "哈喽", "早上好", "在吗", "hello"],
    "report_fault": ["门锁打不开", "指纹没反应", "连不上网", "摄像头离线了", "音箱不响", "路由器坏了"],
    "ask_policy": ["能退货吗", "保修几年", "可以开发票吗", "运费谁出", "七天能退吗", "质保多久"],
}
RESOURCE = Resource("classifier")


@pytest.fixture
def storage(tmp_path):
    return LocalModelStorage(tmp_path)


def created(storage, **config):
    config = {**LinearIntentClassifier.get_default_config(), **config}
    return LinearIntentClassifier.create(config, storage, RESOURCE, None)


def loaded(storage, **config):
    config = {**LinearIntentClassifier.get_default_config(), **config}
    return LinearIntentClassifier.load(config, storage, RESOURCE, None)


def data(examples=EXAMPLES, embed=None):
    return TrainingData(
        [message(text, embed, intent) for intent, texts in examples.items() for text in texts]
    )


def message(text, embed=None, intent=None):
    built = Message.build(text, intent) if intent else Message(data={TEXT: text})
    if embed:
        built.add_features(Features(embed(text), FEATURE_TYPE_SENTENCE, TEXT, "embedding"))
    return built


def parse(classifier, text, embed=None):
    (parsed,) = classifier.process([message(text, embed)])
    return parsed.get(INTENT), parsed.get("intent_ranking")


def test_it_learns_and_gives_a_ranking_of_probabilities(storage):
    classifier = created(storage)
    classifier.train(data())
    intent, ranking = parse(classifier, "门锁指纹打不开")
    assert intent["name"] == "report_fault"
    assert ranking[0] == intent
    assert sum(item["confidence"] for item in ranking) == pytest.approx(1)


def test_a_stored_classifier_answers_as_the_one_that_was_trained(storage):
    classifier = created(storage)
    classifier.train(data())
    for text in ("保修多久", "hello", "网连不上"):
        assert parse(loaded(storage), text) == parse(classifier, text)


def test_the_ranking_is_no_longer_than_asked_for(storage):
    classifier = created(storage, ranking_length=2)
    classifier.train(data())
    assert len(parse(classifier, "你好")[1]) == 2


def test_dense_features_of_the_pipeline_count(storage):
    def embed(text):
        return np.array([[1.0, 0.0]] if "退" in text or "保" in text else [[0.0, 1.0]], dtype=np.float32)

    classifier = created(storage, embedding_scale=3.0)
    classifier.train(data(embed=embed))
    assert parse(classifier, "退不退", embed)[0]["name"] == "ask_policy"
    assert parse(loaded(storage, embedding_scale=3.0), "退不退", embed) == parse(classifier, "退不退", embed)


@pytest.mark.parametrize("examples", [{}, {"greet": ["你好", "您好"]}])
def test_with_less_than_two_intents_it_answers_none(storage, examples):
    classifier = created(storage)
    classifier.train(data(examples))
    assert parse(classifier, "你好") == ({"name": None, "confidence": 0.0}, [])
    assert parse(loaded(storage), "你好") == ({"name": None, "confidence": 0.0}, [])


@pytest.mark.parametrize("text", ["", "   "])
def test_a_blank_message_has_no_intent(storage, text):
    classifier = created(storage)
    classifier.train(data())
    assert parse(classifier, text)[0]["name"] is None


def test_two_intents_of_two_examples_each_are_enough(storage):
    classifier = created(storage)
    classifier.train(data({"greet": ["你好", "您好"], "ask_policy": ["保修几年", "能退货吗"]}))
    assert parse(classifier, "你好呀")[0]["name"] == "greet"
