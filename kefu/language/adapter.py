"""What a sentence model was taught for another task, kept apart from the model: a hundredth of its size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

#: BERTs of every size have attention heads of this width (Devlin et al. 2019, arXiv:1810.04805).
HEAD = 64


@dataclass(frozen=True)
class Adapter:
    """Steps of low rank that are added to a model's matrices (Hu et al. 2021, arXiv:2106.09685).

    Attributes:
        base: ``SentenceModel.mark`` of the model that was taught.
        down, up: For each dense layer by its name, ``(inputs, rank)`` and ``(rank, outputs)``.
        instead: Arrays that stand for the model's own, by name.
        task: What the task has beside the model.
    """

    base: str
    down: Mapping[str, np.ndarray]
    up: Mapping[str, np.ndarray]
    instead: Mapping[str, np.ndarray]
    task: Mapping[str, np.ndarray] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Writes all to an ``npz`` file, in half precision."""
        parts = {"down": self.down, "up": self.up, "instead": self.instead, "task": self.task}
        arrays = {
            f"{part}/{name}": np.asarray(array, dtype=np.float16)
            for part, some in parts.items()
            for name, array in some.items()
        }
        with path.open("wb") as file:
            np.savez_compressed(file, base=np.array(self.base), **arrays)

    @classmethod
    def load(cls, path: Path) -> Adapter:
        """Reads what ``save`` wrote."""
        parts: dict[str, dict[str, np.ndarray]] = {"down": {}, "up": {}, "instead": {}, "task": {}}
        with np.load(path, allow_pickle=False) as kept:
            base = str(kept["base"])
            for key in kept.files:
                part, slash, name = key.partition("/")
                if slash:
                    parts[part][name] = kept[key].astype(np.float32)
        return cls(base, **parts)

    def put_into(self, model: Any) -> None:
        """Changes the weights of an ``onnx.ModelProto``."""
        from onnx import numpy_helper

        matrices = matrices_of(model)
        for one in model.graph.initializer:
            layer = matrices.get(one.name)
            if layer in self.down:
                changed = numpy_helper.to_array(one) + self.down[layer] @ self.up[layer]
            elif one.name in self.instead:
                changed = self.instead[one.name]
            else:
                continue
            one.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(changed, dtype=np.float32), one.name))


def matrices_of(model: Any) -> dict[str, str]:
    """The dense layer that multiplies by each matrix, by the matrix's name in an ``onnx.ModelProto``.

    PyTorch writes matrices turned and without a name of their own; the steps have one.
    """
    kept = {one.name for one in model.graph.initializer}
    return {
        name: node.name.strip("/").removesuffix("/MatMul").replace("/", ".")
        for node in model.graph.node
        if node.op_type == "MatMul"
        for name in node.input
        if name in kept
    }
