"""A BERT in ONNX form becomes one for TensorFlow: a small one is written here, step by step."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from kefu.nlu.bert import NEEDED
from kefu.nlu.bert_from_onnx import main

#: One layer of one head.
WORDS, WIDTH, INNER = 12, 64, 128


class Steps:
    """Nodes and arrays of a graph."""

    def __init__(self):
        self.nodes, self.arrays, self.drawn = [], {}, np.random.default_rng(3)

    def add(self, kind, *inputs, name="", **attributes):
        made = f"out{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [made], name=name, **attributes))
        return made

    def array(self, name, *shape, value=None):
        value = self.drawn.normal(scale=0.1, size=shape).astype(np.float32) if value is None else value
        self.arrays[name] = np.asarray(value)
        return name

    def dense(self, x, path, before, after):
        weights = self.array(f"onnx::MatMul_{len(self.nodes)}", before, after)
        product = self.add("MatMul", x, weights, name=f"/{path.replace('.', '/')}/MatMul")
        return self.add("Add", self.array(f"{path}.bias", after), product)

    def norm(self, x, path):
        scale, shift = self.array(f"{path}.weight", WIDTH), self.array(f"{path}.bias", WIDTH)
        return self.add("LayerNormalization", x, scale, shift, epsilon=1e-12)


def bert(steps):
    layer = "encoder.layer.0"
    words = steps.add("Gather", steps.array("embeddings.word_embeddings.weight", WORDS, WIDTH), "input_ids")
    types = steps.array("embeddings.token_type_embeddings.weight", 2, WIDTH)
    length = steps.add("Gather", steps.add("Shape", "input_ids"), steps.array("one", value=np.array([1])))
    places = steps.add(
        "Slice", steps.array("embeddings.position_embeddings.weight", 512, WIDTH),
        steps.array("zero", value=np.array([0])), length,
    )  # fmt: skip
    x = steps.add("Add", words, steps.add("Gather", types, "token_type_ids"))
    x = steps.norm(steps.add("Add", x, places), "embeddings.LayerNorm")
    query, key, value = (
        steps.dense(x, f"{layer}.attention.self.{name}", WIDTH, WIDTH) for name in ("query", "key", "value")
    )
    scores = steps.add("MatMul", query, steps.add("Transpose", key, perm=[0, 2, 1]))
    scores = steps.add("Div", scores, steps.array("root", value=np.float32(np.sqrt(WIDTH))))
    seen = steps.add("MatMul", steps.add("Softmax", scores, axis=-1), value)
    seen = steps.dense(seen, f"{layer}.attention.output.dense", WIDTH, WIDTH)
    x = steps.norm(steps.add("Add", seen, x), f"{layer}.attention.output.LayerNorm")
    inner = steps.dense(x, f"{layer}.intermediate.dense", WIDTH, INNER)
    share = steps.add("Erf", steps.add("Div", inner, steps.array("root2", value=np.float32(np.sqrt(2)))))
    share = steps.add("Add", share, steps.array("ones", value=np.float32(1)))
    inner = steps.add("Mul", inner, steps.add("Mul", share, steps.array("half", value=np.float32(0.5))))
    outer = steps.dense(inner, f"{layer}.output.dense", INNER, WIDTH)
    return steps.norm(steps.add("Add", outer, x), f"{layer}.output.LayerNorm")


@pytest.fixture
def source(tmp_path):
    steps = Steps()
    last = bert(steps)
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "pieces"])
        for name in ("input_ids", "token_type_ids")
    ]
    output = helper.make_tensor_value_info(last, TensorProto.FLOAT, ["texts", "pieces", WIDTH])
    arrays = [numpy_helper.from_array(array, name) for name, array in steps.arrays.items()]
    graph = helper.make_graph(steps.nodes, "bert", inputs, [output], arrays)
    folder = tmp_path / "onnx"
    folder.mkdir()
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), folder / "model.onnx")
    vocabulary = {word: i for i, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"门锁没电了换池怎"])}
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}))
    return folder


def test_the_new_form_gives_the_same_values_and_has_every_file(source, tmp_path):
    assert main([str(source), str(tmp_path / "tf")]) == 0  # which compares the two
    assert all((tmp_path / "tf" / name).is_file() for name in NEEDED)
    words = (tmp_path / "tf" / "vocab.txt").read_text().split()
    assert (len(words), words[4:6]) == (WORDS, ["门", "锁"])


def test_what_is_no_such_model_is_told(source, tmp_path, capsys):
    model = onnx.load(source / "model.onnx")
    for node in model.graph.node:
        if node.op_type == "Softmax":  # a step that BERT has not
            node.op_type = "Sigmoid"
            del node.attribute[:]
    onnx.save(model, source / "model.onnx")
    assert main([str(source), str(tmp_path / "tf")]) == 1
    assert "other values" in capsys.readouterr().err
    model.graph.initializer[0].name = "another"
    onnx.save(model, source / "model.onnx")
    assert main([str(source), str(tmp_path / "tf")]) == 1
    assert "no BERT as expected" in capsys.readouterr().err
    (source / "model.onnx").write_bytes(b"nothing")
    assert main([str(source), str(tmp_path / "tf")]) == 1
    assert "can't be read" in capsys.readouterr().err
    assert not (tmp_path / "tf").exists()
