"""Teaches a sentence model another task; TensorFlow is only loaded for that."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kefu.language.adapter import HEAD, Adapter, matrices_of
from kefu.language.compact import load

_RANK, _SCALE = 16, 2.0
_DROP, _DROP_STEP = 0.1, 0.05
_LEAST = 1e-12


class Learner:
    """A BERT in TensorFlow whose own matrices stay; steps of low rank, offsets and norms are learned.

    Attributes:
        width: Length of a row.
    """

    def __init__(self, path: Path, mark: str, seed: int = 7) -> None:
        """Takes the weights of ``path``, an ONNX file as PyTorch exports it, whether compact or not.

        Args:
            path: The file.
            mark: What tells this model from others.
            seed: Of all that is left to chance.
        """
        import onnx
        import tensorflow as tf

        model = load(path)
        arrays = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
        layers = matrices_of(model)
        draw = np.random.default_rng(seed)
        self._mark = mark
        self._matrices = {layer: tf.constant(arrays[name]) for name, layer in layers.items()}
        own = {name: array for name, array in arrays.items() if name not in layers}
        self._kept = {name: tf.constant(array) for name, array in own.items()}
        self._instead = {name: tf.Variable(own[name]) for name in own if name.startswith("encoder.")}
        self._down, self._up = {}, {}
        for layer, matrix in self._matrices.items():
            start = draw.normal(0, matrix.shape[0] ** -0.5, (matrix.shape[0], _RANK)).astype(np.float32)
            self._down[layer] = tf.Variable(start)
            self._up[layer] = tf.Variable(tf.zeros((_RANK, matrix.shape[1])))
        self.width = next(iter(self._matrices.values())).shape[0]
        self._depth = sum(layer.endswith("attention.self.query") for layer in self._matrices)

    @property
    def variables(self) -> list[Any]:
        """What is learned."""
        return [*self._down.values(), *self._up.values(), *self._instead.values()]

    def adapter(self, task: dict[str, np.ndarray]) -> Adapter:
        """What was learned, with what the task has beside it."""
        up = {layer: array.numpy() * _SCALE for layer, array in self._up.items()}
        down, instead = (
            {name: array.numpy() for name, array in some.items()} for some in (self._down, self._instead)
        )
        return Adapter(self._mark, down, up, instead, task)

    def __call__(self, ids: Any, seen: Any, training: bool) -> Any:
        """The last hidden states, ``(texts, pieces, width)``.

        Args:
            ids: Pieces by their numbers, ``(texts, pieces)``.
            seen: 1 for pieces, 0 for what only fills up.
            training: Whether some of it is left out at random.
        """
        import tensorflow as tf

        def left_out(rows: Any, share: float = _DROP) -> Any:
            return tf.nn.dropout(rows, share) if training else rows

        def dense(rows: Any, layer: str) -> Any:
            step = left_out(rows, _DROP_STEP) @ self._down[layer] @ self._up[layer]
            return rows @ self._matrices[layer] + step * _SCALE + self._array(f"{layer}.bias")

        table = "embeddings.{}_embeddings.weight"
        rows = tf.gather(self._kept[table.format("word")], ids)
        rows += self._kept[table.format("position")][None, : tf.shape(ids)[1]]
        rows += self._kept[table.format("token_type")][0]  # there is one text only
        rows = left_out(self._normed(rows, "embeddings.LayerNorm"))
        closed = (1 - tf.cast(seen, tf.float32))[:, None, None, :] * -1e9
        for number in range(self._depth):
            layer = f"encoder.layer.{number}"
            parts = (
                _parted(dense(rows, f"{layer}.attention.self.{name}")) for name in ("query", "key", "value")
            )
            asked, found, told = parts
            shares = tf.nn.softmax(tf.matmul(asked, found, transpose_b=True) / HEAD**0.5 + closed)
            met = tf.reshape(tf.transpose(left_out(shares) @ told, (0, 2, 1, 3)), tf.shape(rows))
            met = left_out(dense(met, f"{layer}.attention.output.dense"))
            rows = self._normed(rows + met, f"{layer}.attention.output.LayerNorm")
            inner = tf.nn.gelu(dense(rows, f"{layer}.intermediate.dense"))
            rows = self._normed(
                rows + left_out(dense(inner, f"{layer}.output.dense")), f"{layer}.output.LayerNorm"
            )
        return rows

    def _array(self, name: str) -> Any:
        return self._instead.get(name, self._kept.get(name))

    def _normed(self, rows: Any, name: str) -> Any:
        import tensorflow as tf

        mean, spread = tf.nn.moments(rows, -1, keepdims=True)
        scaled = (rows - mean) * tf.math.rsqrt(spread + _LEAST)
        return scaled * self._array(f"{name}.weight") + self._array(f"{name}.bias")


def _parted(rows: Any) -> Any:
    """Rows cut into heads: ``(texts, heads, pieces, HEAD)``."""
    import tensorflow as tf

    count, length, width = tf.shape(rows)[0], tf.shape(rows)[1], rows.shape[2]
    return tf.transpose(tf.reshape(rows, (count, length, width // HEAD, HEAD)), (0, 2, 1, 3))


def filled_up(rows: Sequence[Sequence[int]]) -> np.ndarray:
    """Rows of different lengths as one array, zeros behind: ``(len(rows), longest)`` int32."""
    found = np.zeros((len(rows), max(map(len, rows))), dtype=np.int32)
    for i, row in enumerate(rows):
        found[i, : len(row)] = row
    return found


def schedule(rate: float, steps: int) -> Any:
    """A learning rate that rises for a tenth of ``steps`` and then falls to nothing."""
    import tensorflow as tf

    class Schedule(tf.keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step: Any) -> Any:
            done = tf.cast(step, tf.float32) / steps
            return rate * tf.minimum(done * 10, tf.maximum(0.0, (1 - done) / 0.9))

    return Schedule()
