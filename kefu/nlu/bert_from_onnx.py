"""``python -m kefu.nlu.bert_from_onnx FROM TO``: makes a BERT in ONNX form into one for ``config.bert.yml``.

``FROM`` holds ``model.onnx`` and ``tokenizer.json`` (``data/sentence_model`` does); ``TO`` then holds
the files of docs/bert.md.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from kefu.language.adapter import HEAD, matrices_of
from kefu.language.compact import load

#: The last words of Keras' names and of PyTorch's, from which ONNX files are made.
_ENDS = {"gamma": "weight", "beta": "bias", "embeddings": "weight", "kernel": "weight"}
#: How far the two may be apart, whose rows are about 1 in size.
_APART = 1e-3


class ConversionError(ValueError):
    """The model can't be converted; the message says why."""


def convert(source: Path, target: Path) -> None:
    """Writes ``config.json``, ``vocab.txt`` and ``tf_model.h5`` into ``target``.

    Raises:
        ConversionError: The model is no BERT as Hugging Face exports it, or gives other values afterwards.
    """
    from transformers import BertConfig, TFBertModel

    weights = _weights(source / "model.onnx")
    words = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    try:
        vocabulary, width = weights["embeddings.word_embeddings.weight"].shape
        config = BertConfig(
            vocab_size=vocabulary,
            hidden_size=width,
            num_hidden_layers=sum(name.endswith("attention.self.query.weight") for name in weights),
            num_attention_heads=width // HEAD,
            intermediate_size=weights["encoder.layer.0.intermediate.dense.weight"].shape[1],
        )
        model = TFBertModel(config)
        model(model.dummy_inputs)
        for variable in model.trainable_variables:
            name = _name(variable.name)
            if not name.startswith("pooler."):  # what it adds is not used
                variable.assign(weights[name])
    except (KeyError, ValueError) as error:
        raise ConversionError(f"{source}: is no BERT as expected: {error}") from error
    _compare(source / "model.onnx", lambda ids: model(ids)[0].numpy())
    target.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(target)
    ordered = sorted(words, key=words.get)
    (target / "vocab.txt").write_text("\n".join(ordered) + "\n", encoding="utf-8")


def _weights(path: Path) -> dict[str, np.ndarray]:
    """Arrays by PyTorch's names; matrices carry the name of the step that multiplies by them."""
    import onnx

    try:
        model = load(path)
    except Exception as error:  # protobuf raises its own kinds
        raise ConversionError(f"{path}: can't be read: {error}") from error
    arrays = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
    return arrays | {f"{layer}.weight": arrays[name] for name, layer in matrices_of(model).items()}


def _name(variable: str) -> str:
    """PyTorch's name of a Keras variable (``tf_bert_model/bert/encoder/layer_._0/.../kernel:0``)."""
    *path, end = variable.split("/bert/", 1)[1].removesuffix(":0").replace("layer_._", "layer.").split("/")
    return ".".join((*path, _ENDS.get(end, end)))


def _compare(path: Path, run: Callable[[np.ndarray], np.ndarray]) -> None:
    """Raises ``ConversionError`` if the new form gives other values than the old one."""
    from onnxruntime import InferenceSession

    session = InferenceSession(load(path).SerializeToString())
    ids = np.arange(1, 9, dtype=np.int64)[np.newaxis]
    constant = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    given = {one.name: constant.get(one.name, constant["token_type_ids"]) for one in session.get_inputs()}
    apart = float(np.abs(session.run(None, given)[0] - run(ids)).max())
    if apart > _APART:
        raise ConversionError(f"{path}: gives other values in the new form ({apart:.3f} apart)")


def main(arguments: list[str]) -> int:
    """Converts; what is wrong is one sentence."""
    if len(arguments) != 2:
        print("usage: python -m kefu.nlu.bert_from_onnx FROM TO", file=sys.stderr)
        return 2
    try:
        convert(Path(arguments[0]), Path(arguments[1]))
    except (ConversionError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"export KEFU_BERT_DIR={Path(arguments[1]).resolve()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
