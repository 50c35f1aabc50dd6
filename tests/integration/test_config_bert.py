"""config.bert.yml, the pipeline on a Chinese BERT: a small model made here loads, aligns, learns, serves."""

import asyncio

import numpy as np
import pytest
from rasa.core.agent import Agent
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.model_training import train_nlu
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.utils.io import read_yaml_file, write_yaml

from kefu.config import ROOT
from kefu.db import migrate
from kefu.knowledge.load import load
from kefu.nlu.bert import NEEDED, VARIABLE, BertFeaturizer, BertMissing
from kefu.nlu.tokenizer import ChineseTokenizer
from tests.integration.test_config_diet import EXAMPLES

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A BERT with random weights, and the characters of the examples as its vocabulary."""
    from transformers import BertConfig, TFBertModel

    folder = tmp_path_factory.mktemp("bert")
    letters = sorted({*EXAMPLES, *"abcdefghijklmnopqrstuvwxyz0123456789"} - {" ", "\n"})
    pieces = [*SPECIAL, *letters, *(f"##{letter}" for letter in letters if letter.isascii())]
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    model = TFBertModel(BertConfig(vocab_size=len(pieces), **sizes))
    model(model.dummy_inputs)
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def bert(folder, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(folder))
    return folder


def featurizer():
    config = {**BertFeaturizer.get_default_config(), "alias": None}
    return BertFeaturizer(config, ExecutionContext(GraphSchema({}), node_name="bert"))


@pytest.mark.parametrize(
    "text", ["門鎖打不開，R3 Pro也是", "wifi 连不上 help", "👍", "L3\u200b ！", "ＡＢ１２"]
)
def test_each_of_our_tokens_gets_its_own_vector(bert, text):
    message = Message.build(text)
    ChineseTokenizer(ChineseTokenizer.get_default_config()).process([message])
    featurizer().process([message])
    sequence, sentence = message.get_dense_features("text")
    assert sequence.features.shape == (len(message.get("text_tokens")), 32)
    assert sentence.features.shape == (1, 32) and np.isfinite(sequence.features).all()


def test_what_is_wrong_with_the_folder_is_said(bert, tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(BertMissing, match=f"{VARIABLE}: not set.*vocab.txt"):
        featurizer()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    with pytest.raises(BertMissing, match="is no folder"):
        featurizer()
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(BertMissing, match=r"lacks vocab.txt, tf_model.h5\. .*config.json"):
        featurizer()
    assert set(NEEDED) == {"config.json", "vocab.txt", "tf_model.h5"}


def test_the_assistant_learns_and_understands_on_it(bert, tmp_path):
    migrate()
    load()
    config = read_yaml_file(ROOT / "config.bert.yml")
    for component in config["pipeline"]:
        if component["name"] == "DIETClassifier":
            component["epochs"] = 30  # of ten examples
    write_yaml(config, tmp_path / "config.yml")
    (tmp_path / "nlu.yml").write_text(EXAMPLES, encoding="utf-8")
    model = train_nlu(str(tmp_path / "config.yml"), str(tmp_path / "nlu.yml"), str(tmp_path), "bert")
    agent = Agent.load(model)
    parsed = asyncio.run(agent.parse_message("L3打不开了"))
    assert parsed["intent"]["name"] == "report_fault"
    assert {"product": "L3"}.items() <= {e["entity"]: e["value"] for e in parsed["entities"]}.items()
