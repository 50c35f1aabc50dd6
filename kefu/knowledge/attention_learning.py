"""Teaches the networks of ``attention``; TensorFlow is only loaded for that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from kefu.knowledge.attention import COMMON, Read, closeness, side

#: Pieces are reduced to so many directions before anything is learned.
_REDUCED = 256
#: By the pieces of so many entries at most it is known how pieces differ.
_SAMPLE = 2000
_WIDTH, _HIDDEN = 64, 32
_ROUNDS, _BATCH = 20, 64
_RATE, _DROP, _UNREAD, _SHRINK = 2e-3, 0.3, 0.15, 1e-4
#: Holds what is seen of a piece near where most of what pieces mean lies.
_ANCHOR = 1e-3

#: What a drawn pair counts beside one that somebody labelled.
_DRAWN_COUNTS = 0.3


def learn(
    entries: Sequence[Read],
    meanings: np.ndarray,
    pairs: np.ndarray,
    labels: np.ndarray,
    drawn: Callable[[np.random.Generator], tuple[np.ndarray, np.ndarray]],
    seed: int,
) -> dict[str, np.ndarray]:
    """Learns one network.

    Args:
        entries: The entries, as of ``attention.read``.
        meanings: Sentence vectors of name and whole of each, as of ``attention.closeness``.
        pairs: Which entries are beside each other: ``(n, 2)``.
        labels: Whether each pair is the same.
        drawn: Draws other pairs and their labels, anew for each round.
        seed: Of all that is left to chance.

    Returns:
        The arrays of an ``Attention``.
    """
    import tensorflow as tf

    tf.keras.utils.set_random_seed(seed)
    draw = np.random.default_rng(seed)
    mean, directions = _directions(entries)
    reduced = [Read((entry.rows - mean) @ directions, entry.marks) for entry in entries]
    network = _Network()
    optimizer = tf.keras.optimizers.legacy.Adam(_RATE)

    @tf.function(autograph=False, reduce_retracing=True)
    def step(one, other, close, labels, counts):
        with tf.GradientTape() as tape:
            losses = tf.nn.sigmoid_cross_entropy_with_logits(labels, network(one, other, close))
            loss = tf.reduce_mean(counts * losses) + network.shrinking()
        variables = network.variables()
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    for round_ in range(_ROUNDS):
        optimizer.learning_rate = _RATE * min(1.0, 1.5 * (1 - round_ / _ROUNDS))
        others, other_labels = drawn(draw)
        at = np.vstack([pairs, others])
        told = np.append(labels, other_labels).astype(np.float32)
        counts = np.repeat(np.float32([1, _DRAWN_COUNTS]), [len(pairs), len(others)])
        for some in _batches(len(at), draw):
            sides = (side([reduced[i] for i in at[some, k]]) for k in range(2))
            one, other = ((whole.rows, _with_gaps(whole.marks, draw)) for whole in sides)
            close = closeness(*(meanings[at[some, k]] for k in range(2)))
            step(*_tensors((one, other, close, told[some], counts[some])))
    return network.arrays(mean, directions)


def _tensors(parts: Any) -> Any:
    import tensorflow as tf

    return tf.nest.map_structure(tf.constant, parts)


def _with_gaps(marks: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Some pieces are not read, so that no single one comes to decide."""
    kept = marks.copy()
    kept[..., 0] *= draw.random(marks.shape[:2]) > _UNREAD
    return kept


def _batches(count: int, draw: np.random.Generator) -> Iterator[np.ndarray]:
    order = draw.permutation(count)
    yield from (order[start : start + _BATCH] for start in range(0, count - _BATCH // 2, _BATCH))


def _directions(entries: Sequence[Read]) -> tuple[np.ndarray, np.ndarray]:
    """The mean of all pieces, and the directions in which they differ most, to unit size on average."""
    some = [entry.rows for entry in entries[:: -(-len(entries) // _SAMPLE)]]
    rows = np.concatenate(some).astype(np.float32)
    mean = rows.mean(axis=0)
    rows -= mean
    spread = rows.T @ rows / len(rows)
    sizes, directions = np.linalg.eigh(spread)
    directions = directions[:, ::-1][:, :_REDUCED] / np.sqrt(sizes[::-1][:_REDUCED].mean())
    return mean.astype(np.float32), directions.astype(np.float32)


class _Network:
    """``Attention`` in TensorFlow, over pieces that are reduced already."""

    def __init__(self) -> None:
        import tensorflow as tf

        dense = tf.keras.layers.Dense
        begin = tf.constant_initializer(np.eye(_REDUCED, _WIDTH, dtype=np.float32))
        self.seen = dense(_WIDTH, use_bias=False, kernel_initializer=begin)
        self.sharpness = tf.Variable(8.0)
        self.weight = dense(1, kernel_initializer="zeros")
        self.compared = dense(_HIDDEN, "relu")
        self.hidden = dense(_HIDDEN, "relu")
        self.told = dense(1)
        self.drop = tf.keras.layers.Dropout(_DROP)

    def layers(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("weight", "compared", "hidden", "told")}

    def variables(self) -> list[Any]:
        learned = [layer.trainable_variables for layer in (self.seen, *self.layers().values())]
        return [self.sharpness, *(one for some in learned for one in some)]

    def shrinking(self) -> Any:
        import tensorflow as tf

        kernels = [layer.kernel for name, layer in self.layers().items() if name != "weight"]
        moved = self.seen.kernel - tf.eye(_REDUCED, _WIDTH)
        sizes = tf.add_n([tf.reduce_sum(kernel**2) for kernel in kernels])
        return _SHRINK * sizes + _ANCHOR * tf.reduce_sum(moved**2)

    def __call__(self, one: Any, other: Any, close: Any) -> Any:
        import tensorflow as tf

        (rows, marks), (others, other_marks) = one, other
        rows, others = (tf.math.l2_normalize(self.seen(side), -1) for side in (rows, others))
        alike = tf.matmul(rows, others, transpose_b=True)
        here = self._found(rows, marks, others, other_marks, alike)
        there = self._found(others, other_marks, rows, marks, tf.transpose(alike, [0, 2, 1]))
        told = tf.concat([here + there, tf.abs(here - there), 3 * close], -1)
        hidden = self.hidden(self.drop(told, training=True))
        return self.told(self.drop(hidden, training=True))[:, 0]

    def _found(self, rows: Any, marks: Any, others: Any, other_marks: Any, alike: Any) -> Any:
        """As ``Attention._found``."""
        import tensorflow as tf

        there, named = other_marks[:, None, :, 0], other_marks[:, None, :, 1]
        met = tf.nn.softmax(alike * self.sharpness - 1e4 * (1 - there), -1) @ others
        best = tf.reduce_max(alike - 10 * (1 - there), -1)
        in_name = tf.reduce_max(alike - 10 * (1 - there * named), -1)
        word, of_name, rare = tf.unstack(marks, axis=2)
        told = tf.stack([best, in_name, of_name, rare], -1)
        seen = tf.concat([rows * met, tf.abs(rows - met), told], -1)
        compared = self.compared(self.drop(seen, training=True))
        weight = self.weight(tf.concat([rows, rare[..., None], of_name[..., None]], -1))[..., 0]
        weight = tf.nn.softplus(weight + 3 * (rare - COMMON)) * word
        told = tf.concat([compared, best[..., None]], -1)
        most = tf.reduce_max(compared * word[..., None], 1)
        return tf.concat([_mean(told, weight), _mean(told, weight * of_name), most], -1)

    def arrays(self, mean: np.ndarray, directions: np.ndarray) -> dict[str, np.ndarray]:
        """With the reduction of pieces as part of the first layer."""
        kernel = directions @ self.seen.kernel.numpy()
        found = {"sharpness": self.sharpness.numpy(), "seen/kernel": kernel, "seen/bias": -mean @ kernel}
        for name, layer in self.layers().items():
            found[f"{name}/kernel"], found[f"{name}/bias"] = layer.kernel.numpy(), layer.bias.numpy()
        return {name: np.asarray(array, dtype=np.float16) for name, array in found.items()}


def _mean(rows: Any, weight: Any) -> Any:
    import tensorflow as tf

    share = weight / (tf.reduce_sum(weight, 1, keepdims=True) + 1e-6)
    return tf.reduce_sum(rows * share[..., None], 1)
