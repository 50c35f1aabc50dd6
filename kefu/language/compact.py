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
    nodes = []
    for node in graph.node:
        if node.doc_string == _BESIDE:
            continue
        names = [name.removesuffix(_WHOLE) for name in node.input if name.endswith(_WHOLE)]
        if names:
            inputs = [name.removesuffix(_WHOLE) for name in node.input[:2]]
            kind = "MatMul" if node.op_type == "MatMulInteger" else node.op_type
            out = node.output[0].removesuffix(_WHOLE)
            node = helper.make_node(kind, inputs, [out], name=node.name)
            step = numpy_helper.to_array(arrays[names[-1] + _STEP])
            whole = numpy_helper.to_array(arrays[names[-1] + _WHOLE])
            weights = whole.astype(np.float32) * step
            graph.initializer.append(numpy_helper.from_array(weights, names[-1]))
            for end in (_WHOLE, _STEP):
                graph.initializer.remove(arrays[names[-1] + end])
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def compact(model: Any) -> None:
    """Makes an ``onnx.ModelProto`` of a BERT compact.

    Dense layers multiply whole numbers (operators ``DynamicQuantizeLinear`` and ``MatMulInteger``, which the
    runtime does in one step); rows of embeddings are put together when they are looked up.
    """
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    arrays = {one.name: one for one in graph.initializer}
    nodes: list[Any] = []
    quantized: set[str] = set()

    def beside(kind: str, inputs: list[str], outputs: list[str], **attributes: Any) -> None:
        nodes.append(helper.make_node(kind, inputs, outputs, doc_string=_BESIDE, **attributes))

    for node in graph.node:
        at = {"MatMul": 1, "Gather": 0}.get(node.op_type, -1)
        matrix = arrays.get(node.input[at]) if at >= 0 else None
        weights = numpy_helper.to_array(matrix) if matrix else np.zeros(0)
        if weights.ndim != 2 or weights.size < _LEAST:
            nodes.append(node)
            continue
        step = np.maximum(np.abs(weights).max(axis=1 - at, keepdims=not at), _TINY)
        step /= _MOST if at else _MOST_OF_ROWS
        whole = np.rint(weights / step).astype(np.int8)
        for end, array in ((_WHOLE, whole), (_STEP, step.astype(np.float32))):
            graph.initializer.append(numpy_helper.from_array(array, matrix.name + end))
        graph.initializer.remove(matrix)
        weights_whole, weights_step, out = matrix.name + _WHOLE, matrix.name + _STEP, node.output[0]
        counted, steps, cast = out + _WHOLE, out + _STEP, out + ".cast"
        if at:
            x = node.input[0]
            parts = [x + _WHOLE, x + _STEP, x + ".zero"]
            if x not in quantized:
                beside("DynamicQuantizeLinear", [x], parts)
                quantized.add(x)
            inputs = [parts[0], weights_whole, parts[2]]
            nodes.append(helper.make_node("MatMulInteger", inputs, [counted], name=node.name))
            beside("Mul", [parts[1], weights_step], [steps])
        else:
            rows = node.input[1]
            nodes.append(helper.make_node("Gather", [weights_whole, rows], [counted], name=node.name))
            beside("Gather", [weights_step, rows], [steps])
        beside("Cast", [counted], [cast], to=TensorProto.FLOAT)
        beside("Mul", [cast, steps], [out])
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
