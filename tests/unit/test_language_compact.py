"""Sentence models in whole numbers: smaller, nearly the same, and back again."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnxruntime import InferenceSession

from kefu.language import compact
from tests import small_bert


@pytest.fixture
def folders(tmp_path):
    """A small BERT, and what is made of it."""
    source, target = small_bert.write(tmp_path / "full"), tmp_path / "compact"
    assert compact.main([str(source), str(target)]) == 0
    return source, target


def rows(model):
    ids = np.array([[2, 4, 5, 6, 7, 3]])
    given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    return InferenceSession(model if isinstance(model, bytes) else str(model)).run(None, given)[0][0]


def steps(model):
    return [(node.op_type, node.name, list(node.input), list(node.output)) for node in model.graph.node]


def test_a_compact_model_is_smaller_and_tells_nearly_the_same(folders):
    source, target = (folder / "model.onnx" for folder in folders)
    assert target.stat().st_size < 0.7 * source.stat().st_size
    told, before = rows(target), rows(source)
    alike = np.sum(told * before, axis=1) / np.linalg.norm(told, axis=1) / np.linalg.norm(before, axis=1)
    assert 0.99 < alike.min() < 0.99999
    assert (folders[1] / "tokenizer.json").read_bytes() == (folders[0] / "tokenizer.json").read_bytes()


def test_loaded_it_has_the_steps_and_arrays_that_it_was_made_of(folders):
    source, target = (folder / "model.onnx" for folder in folders)
    before, after = onnx.load(source), compact.load(target)
    assert steps(after) == steps(before)
    arrays = [
        {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
        for model in (before, after)
    ]
    assert set(arrays[0]) == set(arrays[1])
    for name, array in arrays[0].items():
        assert np.abs(arrays[1][name] - array).max() <= np.abs(array).max() / compact._MOST
    assert np.allclose(rows(after.SerializeToString()), rows(source), atol=0.05)


def test_a_matrix_that_serves_twice_is_kept_once_and_other_numbers_stay(tmp_path):
    drawn = np.random.default_rng(2)
    twice = drawn.normal(size=(64, 64)).astype(np.float32)
    half = drawn.normal(size=(64, 64)).astype(np.float16)
    nodes = [
        helper.make_node("MatMul", ["x", "twice"], ["y"]),
        helper.make_node("MatMul", ["y", "twice"], ["z"]),
    ]
    shape = ["rows", 64]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("x", "z")]
    arrays = [onnx.numpy_helper.from_array(array, name) for name, array in (("twice", twice), ("half", half))]
    graph = helper.make_graph(nodes, "two", ends[:1], ends[1:], arrays)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    compact.compact(model)
    onnx.save(model, tmp_path / "model.onnx")
    x = drawn.normal(size=(2, 64)).astype(np.float32)
    expected = x @ twice @ twice
    (told,) = InferenceSession(str(tmp_path / "model.onnx")).run(None, {"x": x})
    assert np.abs(told - expected).max() < 0.1 * np.abs(expected).max()
    back = {one.name: one for one in compact.load(tmp_path / "model.onnx").graph.initializer}
    assert set(back) == {"twice", "half"}


def test_what_is_not_compact_is_loaded_as_it_is(folders):
    path = folders[0] / "model.onnx"
    assert compact.load(path) == onnx.load(path)


def test_folders_have_to_be_named(capsys):
    assert compact.main(["only-one"]) == 2
    assert "usage" in capsys.readouterr().err
