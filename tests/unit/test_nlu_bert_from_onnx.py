"""A BERT in ONNX form becomes one for TensorFlow."""

import onnx
import pytest

from kefu.nlu.bert import NEEDED
from kefu.nlu.bert_from_onnx import main
from tests.small_bert import WORDS, write


@pytest.fixture
def source(tmp_path):
    return write(tmp_path / "onnx")


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
