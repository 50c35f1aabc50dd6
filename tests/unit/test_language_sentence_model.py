"""Sentence models in ONNX form: the one that ships, and a small one made here with a BERT's inputs."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from kefu.config import SettingsError
from kefu.knowledge import meaning
from kefu.knowledge.search import Entry, Index
from kefu.language import embedding, sentence_model
from kefu.language.sentence_model import NEEDED, OFF, VARIABLE, SentenceModel

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"门锁没电了换电池怎么开发票退货"]
#: 没电 and 换电池 mean one thing here, which no character tells.
ALIKE = {"没": "换", "电": "池"}
WIDTH = 8


def table():
    """A row for each word; those that are alike share theirs."""
    drawn = np.random.default_rng(5)
    rows = {word: drawn.normal(size=WIDTH).astype(np.float32) for word in WORDS}
    rows["[PAD]"] = np.full(WIDTH, 100, dtype=np.float32)
    return np.stack([rows[ALIKE.get(word, word)] for word in WORDS])


def write(folder):
    """The first row of the output is the sum of the rows of all pieces that the mask leaves."""
    folder.mkdir(parents=True, exist_ok=True)
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "pieces"])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["texts", "one", WIDTH])
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["seen"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["seen", "last"], ["seen_rows"]),
        helper.make_node("Mul", ["rows", "seen_rows"], ["left"]),
        helper.make_node("ReduceSum", ["left", "second"], ["last_hidden_state"], keepdims=1),
    ]
    arrays = {"table": table(), "last": np.array([2]), "second": np.array([1])}
    graph = helper.make_graph(
        nodes, "small", inputs, [output], [numpy_helper.from_array(a, name) for name, a in arrays.items()]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, folder / "model.onnx")
    cut = Tokenizer(models.WordPiece({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    cut.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    cut.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    cut.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(write(tmp_path / "small")))
    return tmp_path / "small"


def test_texts_of_any_length_get_unit_vectors(folder):
    alone = meaning.embed_all(["门锁"])[0]
    beside = meaning.embed_all(["门锁", "门锁没电了怎么换电池", "  "])
    assert np.allclose(beside[0], alone, atol=1e-6)
    for part in meaning.parts():
        assert np.allclose(np.linalg.norm(beside[:2, part], axis=1), 1)
    assert not beside[2].any()
    assert np.allclose(meaning.embed("门锁")[:WIDTH], alone[:WIDTH])


def test_search_finds_by_its_meaning_what_shares_no_character(folder):
    entries = [Entry("battery", ("换池",)), Entry("invoice", ("怎么开发票",)), Entry("return", ("退货",))]
    index = Index(entries)
    assert index.search("没电")[0].id == "battery"


def test_a_question_in_english_is_compared_by_the_encoder_that_reads_it(folder):
    question = "how do i change the battery"
    entries = [Entry("invoice", ("怎么开发票",)), Entry("battery", ("换电池",)), Entry("return", ("退货",))]
    assert meaning.part_of("怎么退货") == slice(0, WIDTH)
    assert not meaning.embed(question)[:WIDTH].any()
    assert Index(entries).search(question)[0].id == "battery"


def test_the_model_that_ships_tells_what_means_the_same(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    texts = ["不想要了,能退吗", "七天无理由退货", "怎么连无线网"]
    asked, same, other = sentence_model.required().embed_all(texts)
    assert asked @ same > asked @ other + 0.1


def test_a_text_has_one_vector_whatever_it_is_read_with(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    model, texts = (
        sentence_model.required(),
        ["门锁", "没电了怎么换电池", "在 App 里点“用户管理”，选中要添加的家人。" * 9],
    )
    assert np.array_equal(model.embed_all(texts), np.vstack([model.embed_all([text]) for text in texts]))


@pytest.mark.parametrize(("question", "part"), [("退货", 0), ("battery", 1), ("my battery is dead", 1)])
def test_what_has_no_chinese_is_compared_by_the_encoder(folder, question, part):
    assert meaning.part_of(question) == meaning.parts()[part]


def test_switched_off_the_encoder_that_comes_along_is_used(monkeypatch):
    monkeypatch.setenv(VARIABLE, OFF)
    assert sentence_model.sentence_model() is None
    assert np.array_equal(meaning.embed("门锁"), embedding.embed("门锁"))
    assert meaning.mark() == ""
    with pytest.raises(SettingsError, match=VARIABLE):
        sentence_model.required()


def test_other_weights_of_the_same_size_are_another_model(tmp_path):
    folder = write(tmp_path / "one")
    mark = SentenceModel(folder).mark
    model = folder / "model.onnx"
    weights = onnx.load(model)
    table_of = weights.graph.initializer[0]
    table_of.raw_data = bytes(reversed(table_of.raw_data))
    size = model.stat().st_size
    onnx.save(weights, model)
    assert model.stat().st_size == size
    assert SentenceModel(folder).mark != mark


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_missing_or_broken_is_named(folder, monkeypatch, name):
    kept = (folder / name).read_bytes()
    (folder / name).unlink()
    monkeypatch.setenv(VARIABLE, f"{folder}/.")  # another name, so that it is loaded again
    with pytest.raises(SettingsError, match=f"{VARIABLE}: .* lacks {name}"):
        meaning.embed_all(["门锁"])
    (folder / name).write_bytes(kept[: len(kept) // 2])
    with pytest.raises(SettingsError, match=f"{VARIABLE}: .* can't be read"):
        meaning.embed_all(["门锁"])
