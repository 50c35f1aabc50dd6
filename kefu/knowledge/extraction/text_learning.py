"""``python -m kefu.knowledge.extraction.text_learning``: teaches the text reader from annotations.

Takes twenty minutes of two cores; loads TensorFlow. The trades on which the taggers' confidence is tried
are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kefu.config import SettingsError
from kefu.knowledge.extraction.annotated import annotated
from kefu.knowledge.extraction.examples import Example
from kefu.knowledge.extraction.learning import unlikely
from kefu.knowledge.extraction.network import tags_of
from kefu.knowledge.extraction.sight import meeting, spans_of
from kefu.knowledge.extraction.tagger import KINDS, tags
from kefu.knowledge.extraction.text_reader import SHIPPED
from kefu.knowledge.extraction.training import is_tried
from kefu.knowledge.extraction.vocabulary import FOLDER
from kefu.language.adapted import stretches
from kefu.language.adapting import Learner, filled_up, schedule
from kefu.language.sentence_model import VARIABLE, opened, required

_ROUNDS, _BATCH, _RATE, _DROP = 6, 8, 1.5e-3, 0.2
_SEED = 7
#: So much alike are the rows of a text by the learner and by the model that runs, be it in whole numbers.
_TRIED, _ALIKE = "门锁没电了怎么换电池", 0.97


class Text:
    """A stretch of an annotated text, as the learner reads it."""

    def __init__(self, tokenizer: Any, example: Example, start: int, stretch: str) -> None:
        told = tokenizer.encode(stretch)
        spans = [
            (first, last) for first, last in spans_of(example.text) if start <= first < start + len(stretch)
        ]
        self.ids = told.ids
        self.tags = np.stack([tags(spans, example, which) for which in range(len(KINDS))], axis=1)
        pieces = [(start + first, start + last) for first, last in told.offsets[1:-1]]
        self.shares = np.zeros((len(spans), len(told.ids)), dtype=np.float32)
        for row, (first, last) in zip(self.shares, meeting(spans, pieces), strict=True):
            row[1 + first : 1 + last] = 1 / max(1, last - first)


def learn(examples: Sequence[Example], path: Path) -> None:
    """Learns to tag units by the pieces that they share characters with, and keeps the adapter at ``path``.

    Raises:
        SettingsError: There is no sentence model, or none of a kind that can be taught.
    """
    import tensorflow as tf

    base = required()
    tf.keras.utils.set_random_seed(_SEED)
    draw = np.random.default_rng(_SEED)
    learner = Learner(base.folder / "model.onnx", base.mark, _SEED)
    tokenizer, run = opened(base.folder)
    _check(learner, tokenizer.encode(_TRIED), run)
    texts = [
        Text(tokenizer, example, start, stretch)
        for example in examples
        for start, stretch in stretches(example.text)
    ]
    texts = [text for text in texts if len(text.tags)]
    heads = [tf.keras.layers.Dense(len(tags_of(kinds))) for kinds in KINDS]
    for head in heads:
        head.build((None, learner.width))
    moves = [tf.Variable(tf.zeros((len(tags_of(kinds)),) * 2)) for kinds in KINDS]
    variables = [*learner.variables, *(one for head in heads for one in head.trainable_variables), *moves]
    rounds = [list(_batches(texts, draw)) for _ in range(_ROUNDS)]
    optimizer = tf.keras.optimizers.legacy.Adam(schedule(_RATE, sum(map(len, rounds))))

    @tf.function(autograph=False, reduce_retracing=True)
    def step(ids: Any, shares: Any, tagged: Any, lengths: Any) -> Any:
        with tf.GradientTape() as tape:
            seen = tf.cast(ids > 0, tf.int32)
            rows = shares @ learner(ids, seen, training=True)
            rows = tf.nn.dropout(rows, _DROP)
            loss = tf.add_n([
                tf.reduce_mean(unlikely(head(rows), tagged[:, :, h], lengths, move))
                for h, (head, move) in enumerate(zip(heads, moves, strict=True))
            ])  # fmt: skip
        slopes, _ = tf.clip_by_global_norm(tape.gradient(loss, variables), 5.0)
        optimizer.apply_gradients(zip(slopes, variables, strict=True))
        return loss

    for number, batches in enumerate(rounds, 1):
        losses = []
        for batch in batches:
            losses.append(step(*_tensors([texts[i] for i in batch])))
        print(f"round {number} of {_ROUNDS}: loss {np.mean(losses):.3f}", flush=True)
    task = {}
    for h, (head, move) in enumerate(zip(heads, moves, strict=True)):
        task |= {f"head{h}/kernel": head.kernel.numpy(), f"head{h}/bias": head.bias.numpy()}
        task[f"moves{h}"] = move.numpy()
    learner.adapter(task).save(path)


def _check(learner: Learner, told: Any, run: Callable[[Sequence[Any]], np.ndarray]) -> None:
    """Raises ``SettingsError`` if the model computes in another way (heads of another width)."""
    ids = np.array([told.ids], dtype=np.int32)
    rows, expected = learner(ids, np.ones_like(ids), training=False).numpy()[0], run([told])[0]
    alike = np.sum(rows * expected, axis=1)
    alike /= np.linalg.norm(rows, axis=1) * np.linalg.norm(expected, axis=1)
    if alike.min() < _ALIKE:
        raise SettingsError(f"{VARIABLE}: this model can't be taught: its rows are computed in another way.")


def _batches(texts: Sequence[Text], draw: np.random.Generator) -> Iterator[np.ndarray]:
    """Texts of about one length together, in any order."""
    order = np.argsort([len(text.ids) * draw.uniform(0.8, 1.2) for text in texts])
    for start in draw.permutation(np.arange(0, len(order), _BATCH)):
        yield order[start : start + _BATCH]


def _tensors(batch: Sequence[Text]) -> tuple[Any, ...]:
    import tensorflow as tf

    ids = filled_up([text.ids for text in batch])
    longest = max(len(text.tags) for text in batch)
    shares = np.zeros((len(batch), longest, ids.shape[1]), dtype=np.float32)
    tagged = np.zeros((len(batch), longest, len(KINDS)), dtype=np.int32)
    for i, text in enumerate(batch):
        shares[i, : text.shares.shape[0], : text.shares.shape[1]] = text.shares
        tagged[i, : len(text.tags)] = text.tags
    lengths = np.array([len(text.tags) for text in batch], dtype=np.int32)
    return tuple(map(tf.constant, (ids, shares, tagged, lengths)))


if __name__ == "__main__":
    learn([example for example in annotated(FOLDER) if not is_tried(example)], SHIPPED)
