"""A sentence model that counts in whole numbers of eight bits: a quarter of the size, twice as fast.

``python -m kefu.language.compact FROM TO`` writes one of that kind (``make sentence-model``).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

#: Smaller arrays stay as they are.
_LEAST = 4096
#: Rows of embeddings have eight bits, matrices seven: processors without VNNI add two products in 16 bits.
_MOST_OF_ROWS, _MOST, _TINY = 127, 63, 1e-12
#: What stands for a matrix: whole numbers, and how much one of them is in each of its columns or rows.
_WHOLE, _STEP = ".whole", ".step"
#: What they are multiplied by, and what that makes, before the step counts.
_QUANTIZED, _COUNTED = ".quantized", ".counted"
#: Marks the nodes that only a compact model has.
_BESIDE = "compact"


def load(path: Path) -> Any:
    """The ``onnx.ModelProto`` of a file, compact or not, as it was before: its matrices float32.

    Raises:
        Exception: The file can't be read; the library raises its own kinds.
    """
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(str(path))
    graph = model.graph
    arrays = {one.name: one for one in graph.initializer}
    nodes, matrices = [], {}
    for node in graph.node:
        if node.doc_string == _BESIDE:
            continue
        if node.output and node.output[0].endswith(_COUNTED):
            inputs = [name.removesuffix(_WHOLE).removesuffix(_QUANTIZED) for name in node.input[:2]]
            kind = "MatMul" if node.op_type == "MatMulInteger" else node.op_type
            matrices[inputs[1 if kind == "MatMul" else 0]] = None
            out = node.output[0].removesuffix(_COUNTED)
            node = helper.make_node(kind, inputs, [out], name=node.name)
        nodes.append(node)
    for name in matrices:
        whole, step = (arrays[name + end] for end in (_WHOLE, _STEP))
        weights = numpy_helper.to_array(whole).astype(np.float32) * numpy_helper.to_array(step)
        graph.initializer.append(numpy_helper.from_array(weights, name))
        for one in (whole, step):
            graph.initializer.remove(one)
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def compact(model: Any) -> None:
    """Makes an ``onnx.ModelProto`` of a BERT compact.

    Dense layers multiply whole numbers (operators ``DynamicQuantizeLinear`` and ``MatMulInteger``, which the
    runtime does in one step); rows of embeddings are put together when they are looked up.

    Raises:
        ValueError: A matrix is used for both.
    """
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    arrays = {one.name: one for one in graph.initializer}
    nodes: list[Any] = []
    quantized: set[str] = set()
    done: dict[str, int] = {}

    def beside(kind: str, inputs: list[str], outputs: list[str], **attributes: Any) -> None:
        nodes.append(helper.make_node(kind, inputs, outputs, doc_string=_BESIDE, **attributes))

    for node in graph.node:
        at = {"MatMul": 1, "Gather": 0}.get(node.op_type, -1)
        matrix = arrays.get(node.input[at]) if at >= 0 else None
        weights = numpy_helper.to_array(matrix) if matrix else np.zeros(0)
        if weights.ndim != 2 or weights.size < _LEAST or weights.dtype != np.float32:
            nodes.append(node)
            continue
        whole, step, out = matrix.name + _WHOLE, matrix.name + _STEP, node.output[0]
        if matrix.name not in done:
            steps = np.maximum(np.abs(weights).max(axis=1 - at, keepdims=not at), _TINY)
            steps /= _MOST if at else _MOST_OF_ROWS
            for name, array in ((whole, np.rint(weights / steps).astype(np.int8)), (step, steps)):
                graph.initializer.append(numpy_helper.from_array(array, name))
            done[matrix.name] = at
        elif done[matrix.name] != at:
            raise ValueError(f"{matrix.name} is looked up and multiplied by")
        counted, of_each, cast = out + _COUNTED, out + ".each", out + ".cast"
        if at:
            x = node.input[0]
            parts = [x + _QUANTIZED, f"{x}.scale", f"{x}.zero"]
            if x not in quantized:
                beside("DynamicQuantizeLinear", [x], parts)
                quantized.add(x)
            inputs = [parts[0], whole, parts[2]]
            nodes.append(helper.make_node("MatMulInteger", inputs, [counted], name=node.name))
            beside("Mul", [parts[1], step], [of_each])
        else:
            rows = node.input[1]
            nodes.append(helper.make_node("Gather", [whole, rows], [counted], name=node.name))
            beside("Gather", [step, rows], [of_each])
        beside("Cast", [counted], [cast], to=TensorProto.FLOAT)
        beside("Mul", [cast, of_each], [out])
    for name in done:
        graph.initializer.remove(arrays[name])
    del graph.node[:]
    graph.node.extend(nodes)


def main(arguments: list[str]) -> int:
    """Writes the folder."""
    import onnx

    if len(arguments) != 2:
        print("usage: python -m kefu.language.compact FROM TO", file=sys.stderr)
        return 2
    source, target = map(Path, arguments)
    model = load(source / "model.onnx")
    compact(model)
    target.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(target / "model.onnx"))
    shutil.copyfile(source / "tokenizer.json", target / "tokenizer.json")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
