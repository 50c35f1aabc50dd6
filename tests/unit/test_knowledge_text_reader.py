"""What pieces of a text are about is also seen by a sentence model that was taught so: a small one here."""

import re

import onnx
import pytest

from kefu.config import SettingsError
from kefu.knowledge.extraction import text_learning, text_reader
from kefu.knowledge.extraction.examples import Example, Label
from kefu.knowledge.extraction.tagger import Tagger
from kefu.knowledge.extraction.vocabulary import FOLDER
from kefu.language.adapter import Adapter, matrices_of
from kefu.language.sentence_model import VARIABLE, required
from tests import small_bert

#: What is wrong and what was done, each at its place.
TEXTS = ["门锁没电了，换电池", "没电了，换了电池门锁怎么", "换门锁。没电了", "怎么没电了\n换电池"]


def examples():
    return [
        Example(
            text,
            "",
            (
                Label("fault", text.index("没电了"), text.index("没电了") + 3),
                Label("solution", text.index("换"), text.index("换") + 2),
            ),
            frozenset(),
            1001,
            written=True,
        )
        for text in TEXTS
        for _ in range(8)
    ]


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(small_bert.write(tmp_path / "model")))
    monkeypatch.setattr(text_reader, "SHIPPED", tmp_path / "reader.npz")
    text_reader._loaded.cache_clear()
    yield tmp_path / "reader.npz"
    text_reader._loaded.cache_clear()


def test_what_was_learned_is_asked_beside_the_networks(model, monkeypatch, capsys):
    monkeypatch.setattr(text_learning, "_RATE", 3e-3)
    monkeypatch.setattr(text_learning, "_ROUNDS", 40)
    text_learning.learn(examples(), model)
    losses = [float(loss) for loss in re.findall(r"loss (\S+)", capsys.readouterr().out)]
    assert losses[-1] < losses[0] / 2
    text = TEXTS[0]
    found = Tagger([], text_reader.text_reader())(text)
    assert [(one.kind, one.text) for one in found] == [("fault", "没电了"), ("solution", "换电")]


def test_without_the_sentence_model_that_was_taught_there_is_no_reader(model, monkeypatch):
    text_learning.learn(examples()[:8], model)
    assert text_reader.text_reader()
    monkeypatch.setenv(VARIABLE, str(small_bert.write(model.parent / "another", seed=4)))
    assert text_reader.text_reader() is None
    monkeypatch.delenv(VARIABLE)
    assert text_reader.text_reader() is None


def test_what_ships_was_taught_with_the_model_that_ships(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert Adapter.load(FOLDER / "text_reader.npz").base == required().mark


def test_a_model_whose_heads_are_of_another_width_is_not_taught(model, monkeypatch):
    file = model.parent / "model" / "model.onnx"
    weights = onnx.load(file)
    layers = matrices_of(weights)
    for one in weights.graph.initializer:
        if layers.get(one.name, "").endswith(("query", "key")):  # so that pieces look at few others
            sharper = onnx.numpy_helper.to_array(one) * 30
            one.CopyFrom(onnx.numpy_helper.from_array(sharper, one.name))
    onnx.save(weights, file)
    monkeypatch.setattr("kefu.language.adapting.HEAD", 16)
    monkeypatch.setattr(text_learning, "_ALIKE", 0.9999)  # so small a model hardly looks around
    with pytest.raises(SettingsError, match="can't be taught"):
        text_learning.learn(examples()[:2], model)
