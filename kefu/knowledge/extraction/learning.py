"""Teaches the tagger's network; TensorFlow is only loaded for that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from kefu.knowledge.extraction.network import numbered, tags_of
from kefu.knowledge.extraction.sight import PLACES, SIGNS, Sight
from kefu.language.embedding import DIMENSIONS
from kefu.language.pieces import PIECE_DIMENSIONS

_MEANING, _CLAUSE, _SIGN, _STATE = 128, 48, 12, 96
_BATCH = 16
_RATE, _DROP, _DROP_MEANING = 3e-3, 0.3, 0.2
#: A word of a sign that was seen less often is like one never seen.
_SEEN = 5


def learn(
    seen: Sequence[Sight],
    labels: Sequence[tuple[np.ndarray, np.ndarray]],
    kinds: Sequence[Sequence[str]],
    weights: Sequence[float],
    rounds: int,
) -> dict[str, np.ndarray]:
    """Learns the tags of texts.

    Args:
        seen: The texts.
        labels: For each the number of each unit's tag, one array for either family of kinds.
        kinds: The kinds of both families.
        weights: How much each text counts.
        rounds: How often each text is gone through.

    Returns:
        The arrays of a ``Network``.
    """
    import tensorflow as tf

    tf.keras.utils.set_random_seed(7)
    words = [_words(seen, k) for k in range(SIGNS)]
    known = [{word: i for i, word in enumerate(some)} for some in words]
    model, moves = _model([len(some) for some in words], kinds)
    variables = [*model.trainable_variables, *moves]
    steps = rounds * -(-len(seen) // _BATCH)
    rate = tf.keras.optimizers.schedules.CosineDecay(_RATE, steps)
    optimizer = tf.keras.optimizers.legacy.Adam(rate)
    numbers = [numbered(sight, known) for sight in seen]

    @tf.function(autograph=False, reduce_retracing=True)
    def step(meaning, clause, signs, places, tags, lengths, share):
        with tf.GradientTape() as tape:
            scores = model([meaning, clause, signs, places], training=True)
            loss = tf.add_n([
                tf.reduce_mean(share * unlikely(scores[h], tags[:, :, h], lengths, moves[h]))
                for h in range(len(moves))
            ])  # fmt: skip
        slopes, _ = tf.clip_by_global_norm(tape.gradient(loss, variables), 5.0)
        optimizer.apply_gradients(zip(slopes, variables, strict=True))
        return loss

    draw = np.random.default_rng(7)
    for _ in range(rounds):
        for batch in _batches(seen, draw):
            step(*_padded([(seen[i], numbers[i], labels[i], weights[i]) for i in batch]))
    return _arrays(model, moves, words, kinds)


def _words(seen: Sequence[Sight], k: int) -> list[str]:
    """The words of one sign; the first stands for all that were hardly seen."""
    counted = Counter(words[k] for sight in seen for words in sight.signs)
    return ["?", *sorted(word for word, times in counted.items() if times >= _SEEN)]


def _model(sizes: Sequence[int], kinds: Sequence[Sequence[str]]) -> tuple[Any, list[Any]]:
    import tensorflow as tf

    layers = tf.keras.layers
    meaning = tf.keras.Input((None, PIECE_DIMENSIONS))
    clause = tf.keras.Input((None, DIMENSIONS))
    signs = tf.keras.Input((None, len(sizes)), dtype="int32")
    places = tf.keras.Input((None, PLACES))
    meant = layers.Dense(_MEANING, "relu", name="meaning")(layers.Dropout(_DROP_MEANING)(meaning))
    judged = layers.Dense(_CLAUSE, "relu", name="clause")(layers.Dropout(_DROP_MEANING)(clause))
    told = [layers.Embedding(size, _SIGN, name=f"signs{k}")(signs[:, :, k]) for k, size in enumerate(sizes)]
    rows = layers.Dropout(_DROP)(layers.Concatenate()([meant, judged, *told, places]))
    # The mask is left to the loss: what is padded stands behind, and the way back begins in it.
    forth = layers.LSTM(_STATE, return_sequences=True, name="forth")
    back = layers.LSTM(_STATE, return_sequences=True, go_backwards=True, name="back")
    mask = tf.reduce_any(tf.not_equal(meaning, 0.0), axis=-1)
    returned = tf.reverse(back(rows, mask=mask), axis=[1])
    state = layers.Dropout(_DROP)(layers.Concatenate()([forth(rows, mask=mask), returned, meant]))
    scores = [layers.Dense(len(tags_of(some)), name=f"head{h}")(state) for h, some in enumerate(kinds)]
    moves = [tf.Variable(tf.zeros((len(tags_of(some)),) * 2)) for some in kinds]
    return tf.keras.Model([meaning, clause, signs, places], scores), moves


def unlikely(scores: Any, tags: Any, lengths: Any, moves: Any) -> Any:
    """The negative logarithm of how likely the right tags are in a linear chain (Lafferty et al. 2001)."""
    import tensorflow as tf

    count = tf.shape(scores)[1]
    inside = tf.sequence_mask(lengths, count, dtype=scores.dtype)
    own = tf.reduce_sum(inside * tf.gather(scores, tags, batch_dims=2), axis=1)
    ways = tf.gather_nd(moves, tf.stack([tags[:, :-1], tags[:, 1:]], axis=-1))
    own += tf.reduce_sum(inside[:, 1:] * ways, axis=1)

    def forth(before, now):
        row, open_ = now
        after = tf.reduce_logsumexp(before[:, :, None] + moves[None], axis=1) + row
        return tf.where(open_[:, None] > 0, after, before)

    rest = tf.transpose(scores[:, 1:], (1, 0, 2)), tf.transpose(inside[:, 1:])
    last = tf.foldl(forth, rest, initializer=scores[:, 0])
    return tf.reduce_logsumexp(last, axis=1) - own


def _batches(seen: Sequence[Sight], draw: np.random.Generator) -> Iterator[np.ndarray]:
    """Texts of about one length together, in any order."""
    lengths = np.array([len(sight.spans) for sight in seen]) * draw.uniform(0.8, 1.2, len(seen))
    order = np.argsort(lengths)
    for start in draw.permutation(np.arange(0, len(order), _BATCH)):
        yield order[start : start + _BATCH]


def _padded(batch: Sequence[tuple[Sight, np.ndarray, tuple, float]]) -> tuple[Any, ...]:
    import tensorflow as tf

    longest = max(len(sight.spans) for sight, *_ in batch)
    meaning = np.zeros((len(batch), longest, PIECE_DIMENSIONS), dtype=np.float32)
    clause = np.zeros((len(batch), longest, DIMENSIONS), dtype=np.float32)
    signs = np.zeros((len(batch), longest, SIGNS), dtype=np.int32)
    places = np.zeros((len(batch), longest, PLACES), dtype=np.float32)
    tags = np.zeros((len(batch), longest, 2), dtype=np.int32)
    for i, (sight, numbers, labels, _) in enumerate(batch):
        n = len(sight.spans)
        meaning[i, :n], clause[i, :n] = sight.meaning, sight.clauses[sight.clause]
        signs[i, :n], places[i, :n] = numbers, sight.places
        tags[i, :n, 0], tags[i, :n, 1] = labels
    lengths = np.array([len(sight.spans) for sight, *_ in batch], dtype=np.int32)
    shares = np.array([share for *_, share in batch], dtype=np.float32)
    return tuple(map(tf.constant, (meaning, clause, signs, places, tags, lengths, shares)))


def _arrays(
    model: Any, moves: Sequence[Any], words: Sequence[list[str]], kinds: Sequence[Sequence[str]]
) -> dict[str, np.ndarray]:
    arrays = {}
    for layer in ("meaning", "clause", *(f"head{h}" for h in range(len(kinds)))):
        arrays[f"{layer}/kernel"], arrays[f"{layer}/bias"] = model.get_layer(layer).get_weights()
    for layer in ("forth", "back"):
        found = model.get_layer(layer).get_weights()
        arrays |= dict(zip((f"{layer}/kernel", f"{layer}/recurrent", f"{layer}/bias"), found, strict=True))
    for k, some in enumerate(words):
        arrays[f"signs{k}"], arrays[f"words{k}"] = (
            model.get_layer(f"signs{k}").get_weights()[0],
            np.array(some),
        )
    for h, (some, move) in enumerate(zip(kinds, moves, strict=True)):
        arrays[f"kinds{h}"], arrays[f"moves{h}"] = np.array(some), move.numpy()
    return arrays
