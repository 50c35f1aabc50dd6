"""``python -m kefu.knowledge.pair_learning``: teaches the pair reader from ``data/extraction/pairs``.

Needs the sentence model (``make sentence-model``) and some twenty minutes; TensorFlow is only loaded here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kefu.knowledge.distinctions import distinctions
from kefu.knowledge.extraction.vocabulary import FOLDER
from kefu.knowledge.labelled import Labelled, labelled, unrelated
from kefu.knowledge.likeness import certain
from kefu.knowledge.pair_reader import SHIPPED, said
from kefu.knowledge.sayings import sayings
from kefu.language.adapted import PAIR
from kefu.language.adapting import Learner, filled_up, schedule
from kefu.language.sentence_model import opened, required

_ROUNDS, _BATCH, _RATE, _DROP = 6, 16, 1e-3, 0.1
#: What a drawn pair counts beside one that somebody labelled.
_DRAWN_COUNTS = 0.3
_SEED = 7


def learn(written: Sequence[Labelled], path: Path) -> None:
    """Learns from labelled pairs, and from pairs that are drawn anew in each round, and keeps it at ``path``.

    Raises:
        SettingsError: There is no sentence model.
    """
    import tensorflow as tf

    base = required()
    tf.keras.utils.set_random_seed(_SEED)
    draw = np.random.default_rng(_SEED)
    learner = Learner(base.folder / "model.onnx", base.mark, _SEED)
    tokenizer, _ = opened(base.folder)
    tokenizer.no_padding()
    tokenizer.enable_truncation(PAIR)
    asked = tf.keras.layers.Dense(1)
    asked.build((None, learner.width))
    variables = [*learner.variables, *asked.trainable_variables]
    rounds = [list(_batches(written, draw)) for _ in range(_ROUNDS)]
    optimizer = tf.keras.optimizers.legacy.Adam(schedule(_RATE, sum(map(len, rounds))))

    @tf.function(autograph=False, reduce_retracing=True)
    def step(ids: Any, types: Any, seen: Any, same: Any, counts: Any) -> Any:
        with tf.GradientTape() as tape:
            first = learner(ids, types, seen, training=True)[:, 0]
            odds = asked(tf.nn.dropout(first, _DROP))[:, 0]
            loss = tf.reduce_mean(counts * tf.nn.sigmoid_cross_entropy_with_logits(same, odds))
        slopes, _ = tf.clip_by_global_norm(tape.gradient(loss, variables), 1.0)
        optimizer.apply_gradients(zip(slopes, variables, strict=True))
        return loss

    for number, batches in enumerate(rounds, 1):
        losses = []
        for batch in batches:
            sides = [(pair.a, pair.b) if draw.random() < 0.5 else (pair.b, pair.a) for pair in batch]
            told = [tokenizer.encode(said(one), said(other)) for one, other in sides]
            rows = (
                [one.ids for one in told],
                [one.type_ids for one in told],
                [one.attention_mask for one in told],
            )
            same = np.array([pair.same for pair in batch], dtype=np.float32)
            counts = np.array([1 if pair.written else _DRAWN_COUNTS for pair in batch], dtype=np.float32)
            losses.append(step(*map(tf.constant, (*map(filled_up, rows), same, counts))))
        print(f"round {number} of {_ROUNDS}: loss {np.mean(losses):.3f}", flush=True)
    learner.adapter({"kernel": asked.kernel.numpy(), "bias": asked.bias.numpy()}).save(path)


def _batches(written: Sequence[Labelled], draw: np.random.Generator) -> Iterator[list[Labelled]]:
    """Pairs of about one length together, in any order."""
    pairs = [*written, *unrelated(written, draw), *sayings().pairs(draw)]
    lengths = np.array([len(said(pair.a) + said(pair.b)) for pair in pairs])
    order = np.argsort(lengths * draw.uniform(0.8, 1.2, len(pairs)))
    for start in draw.permutation(np.arange(0, len(order), _BATCH)):
        yield [pairs[i] for i in order[start : start + _BATCH]]


if __name__ == "__main__":
    book = distinctions()
    learn([pair for pair in labelled(FOLDER / "pairs") if certain(pair.a, pair.b, book) is None], SHIPPED)
