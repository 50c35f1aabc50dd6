"""The CRF finds after loading what it found after training, without learning again."""

from pathlib import Path

import numpy as np
import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.extractors.crf_entity_extractor import CRFEntityExtractor
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from kefu.nlu.crf import StoredCRFEntityExtractor
from kefu.nlu.tokenizer import ChineseTokenizer

CONTEXT = ExecutionContext(GraphSchema({}))
CONFIG = {**StoredCRFEntityExtractor.get_default_config(), "features": [["low"], ["bias", "low"], ["low"]]}


def example(text: str, **entities: str) -> Message:
    found = [
        {"entity": name, "value": value, "start": text.index(value), "end": text.index(value) + len(value)}
        for name, value in entities.items()
    ]
    message = Message.build(text=text, intent="book_appointment", entities=found)
    # The extractor looks at messages only that some featurizer has seen.
    message.add_features(Features(np.ones((1, 1)), "sentence", TEXT, "test"))
    return message


@pytest.fixture
def words(tmp_path: Path) -> ChineseTokenizer:
    (tmp_path / "words").mkdir()
    storage = LocalModelStorage(tmp_path / "words")
    return ChineseTokenizer.create(ChineseTokenizer.get_default_config(), storage, Resource("words"), CONTEXT)


@pytest.fixture
def storage(tmp_path: Path) -> LocalModelStorage:
    (tmp_path / "model").mkdir()
    return LocalModelStorage(tmp_path / "model")


def test_it_finds_the_same_after_loading(words, storage, monkeypatch):
    data = TrainingData([example(f"{day}上门", date=day) for day in ("明天", "后天", "周六", "周日")] * 5)
    words.process_training_data(data)
    trained = StoredCRFEntityExtractor.create(CONFIG, storage, Resource("crf"), CONTEXT)
    trained.train(data)
    monkeypatch.setattr(StoredCRFEntityExtractor, "train_model", None)
    loaded = StoredCRFEntityExtractor.load(CONFIG, storage, Resource("crf"), CONTEXT)
    found = []
    for extractor in (trained, loaded):
        message = example("周六上门")
        words.process([message])
        [entity] = extractor.process([message])[0].get("entities")
        found.append(entity)
    assert found[0] == found[1] and (found[0]["entity"], found[0]["value"]) == ("date", "周六")
    assert found[0]["extractor"] == "CRFEntityExtractor"


@pytest.mark.parametrize("bilou", [True, False])
def test_tags_and_confidences_are_those_that_rasa_gives(storage, bilou):
    config = {**CONFIG, "BILOU_flag": bilou}
    extractor = StoredCRFEntityExtractor.create(config, storage, Resource("crf"), CONTEXT)
    marginals = [
        {"O": 0.5, "B-date": 0.3, "U-date": 0.15, "B-city": 0.05},
        {"O": 0.1, "B-date": 0.2, "U-date": 0.4, "B-city": 0.3},
    ]
    theirs = CRFEntityExtractor._most_likely_tag(extractor, marginals)
    assert extractor._most_likely_tag(marginals) == theirs
    assert extractor._most_likely_tag([]) == ([], [])


def test_untrained_it_finds_nothing(words, storage):
    loaded = StoredCRFEntityExtractor.load(CONFIG, storage, Resource("crf"), CONTEXT)
    message = example("周六上门")
    words.process([message])
    assert not loaded.process([message])[0].get("entities")
