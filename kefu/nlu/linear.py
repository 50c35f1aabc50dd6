"""A linear model of texts that is quick to ask: character n-grams beside a sentence embedding."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import skops.io
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from kefu.language.normalize import normalize

_LONG_NUMBER = re.compile(r"[a-z]{0,4}\d[\d -]{5,}\d")
_DIGIT = re.compile(r"\d")
# With so few examples a n-gram that stands once is all there is.
_FEW = 500


def readable(text: str) -> str:
    """The text as the models read it: normal, with numbers reduced to their length class."""
    normal = _LONG_NUMBER.sub("№", normalize(text).text)
    return f"^{_DIGIT.sub('0', normal)}$"


class LinearTextModel:
    """Gives each label of a text a probability.

    The margins of a linear support vector machine become probabilities through a softmax whose
    temperature is chosen on margins of held-out examples, so that a threshold means the same after every
    training (docs/adr/0002-nlu-pipeline.md).
    """

    def __init__(self, vectorizer: TfidfVectorizer, model: LinearSVC, sharpness: float) -> None:
        self.labels = tuple(str(label) for label in model.classes_)
        self.vectorizer, self.model, self.sharpness = vectorizer, model, sharpness
        self._places, self._idf = vectorizer.vocabulary_, vectorizer.idf_
        self._longest = vectorizer.ngram_range[1]
        self._weights = np.ascontiguousarray(model.coef_.T, dtype=np.float32)
        self._bias = model.intercept_

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        labels: Sequence[str],
        embeddings: np.ndarray | None,
        *,
        max_ngram: int,
        min_examples: int,
        strength: float,
        balanced: bool = False,
    ) -> LinearTextModel:
        """Learns from examples.

        Args:
            texts: As customers wrote them.
            labels: One for each text, of two or more different ones.
            embeddings: One row for each text, or None to learn from the n-grams alone.
            max_ngram: Longest character n-gram.
            min_examples: In how many texts an n-gram must stand to count, where there are many texts.
            strength: Inverse strength of regularisation.
            balanced: Whether each label weighs the same, however many examples it has.
        """
        vectorizer = TfidfVectorizer(
            analyzer="char",
            ngram_range=(1, max_ngram),
            min_df=min_examples if len(texts) > _FEW else 1,
            sublinear_tf=True,
            dtype=np.float32,
        )
        features = vectorizer.fit_transform([readable(text) for text in texts])
        if embeddings is not None:
            features = hstack([features, csr_matrix(embeddings)], format="csr")

        def learn(some: csr_matrix, of: np.ndarray) -> LinearSVC:
            weights = "balanced" if balanced else None
            return LinearSVC(C=strength, class_weight=weights, random_state=0).fit(some, of)

        named = np.array(labels)
        return cls(vectorizer, learn(features, named), _calibrate(learn, features, named))

    @classmethod
    def load(cls, path: Path) -> LinearTextModel:
        """Reads what `dump` wrote; the model directory is trusted code, as for every Rasa component."""
        return cls(**skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path)))

    def dump(self, path: Path) -> None:
        """Writes the model to a file."""
        stored = {"vectorizer": self.vectorizer, "model": self.model, "sharpness": self.sharpness}
        skops.io.dump(stored, path)

    def probabilities(self, text: str, embedding: np.ndarray | None) -> np.ndarray:
        """One probability for each of `labels`; ``embedding`` as it was learned from, or None for none."""
        return _softmax(self.sharpness * self.margins(text, embedding)[np.newaxis])[0]

    def margins(self, text: str, embedding: np.ndarray | None) -> np.ndarray:
        """What scikit-learn's model gives, without its 1 ms of checks and sparse matrices for one text."""
        counts = {
            self._places[ngram]: number
            for ngram, number in _ngrams(readable(text), self._longest).items()
            if ngram in self._places
        }
        places = list(counts)
        tfidf = (1 + np.log(list(counts.values()))) * self._idf[places]
        tfidf /= np.linalg.norm(tfidf) or 1
        margins = tfidf.astype(np.float32) @ self._weights[places] + self._bias
        if embedding is not None:
            margins += embedding @ self._weights[len(self._idf) :]
        return np.array([-margins[0], margins[0]]) if len(margins) == 1 else margins


# One message is read by every model of the pipeline.
@lru_cache(maxsize=64)
def _ngrams(text: str, longest: int) -> Counter[str]:
    return Counter(_analyzer(longest)(text))


@lru_cache(maxsize=4)
def _analyzer(longest: int) -> Callable[[str], list[str]]:
    return TfidfVectorizer(analyzer="char", ngram_range=(1, longest)).build_analyzer()


def _calibrate(
    learn: Callable[[csr_matrix, np.ndarray], LinearSVC], features: csr_matrix, named: np.ndarray
) -> float:
    """The factor on margins that makes probabilities of unseen examples most likely to be true."""
    classes, labels = np.unique(named, return_inverse=True)
    folds = min(3, int(np.bincount(labels).min()))
    if folds < 2:
        return 1.0
    margins = np.zeros((len(labels), len(classes)))
    for train, held_out in StratifiedKFold(folds, shuffle=True, random_state=0).split(features, labels):
        found = learn(features[train], named[train]).decision_function(features[held_out])
        # Two labels share one margin.
        margins[held_out] = np.column_stack([-found, found]) if found.ndim == 1 else found

    def surprise(sharpness: float) -> float:
        likelihoods = _softmax(sharpness * margins)[np.arange(len(labels)), labels]
        return -float(np.log(likelihoods + 1e-12).mean())

    return float(minimize_scalar(surprise, bounds=(0.1, 50), method="bounded").x)


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)
