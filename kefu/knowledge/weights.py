"""What was learned of labelled pairs: boosted trees and a logistic regression, asked together, with NumPy."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

_TREES, _DEPTH, _RATE = 250, 3, 0.05


@dataclass(frozen=True)
class Weights:
    """Both models, of ``n`` features.

    Attributes:
        linear: Weights of the features, ``(n,)``.
        offset: What the regression starts from.
        feature, threshold: What each inner node of each tree asks, ``(trees, 2**depth - 1)``.
        value: What each leaf adds, ``(trees, 2**depth)``.
        start: What the trees start from.
        mark: What the weights were learned from.
    """

    linear: np.ndarray
    offset: float
    feature: np.ndarray
    threshold: np.ndarray
    value: np.ndarray
    start: float
    mark: str

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """How likely each row's pair is the same: ``(len(rows),)``."""
        return (_sigmoid(rows @ self.linear + self.offset) + _sigmoid(self.boosted(rows))) / 2

    def boosted(self, rows: np.ndarray) -> np.ndarray:
        """What the trees say, as log-odds: ``(len(rows),)``."""
        rows = rows.astype(np.float32)  # as the trees were grown
        total = np.full(len(rows), self.start)
        everyone = np.arange(len(rows))
        inner = self.feature.shape[1]
        for feature, threshold, value in zip(self.feature, self.threshold, self.value, strict=True):
            node = np.zeros(len(rows), dtype=int)
            while node.size and node[0] < inner:
                node = 2 * node + 1 + (rows[everyone, feature[node]] > threshold[node])
            total += value[node - inner]
        return total

    @classmethod
    def learn(cls, rows: np.ndarray, labels: np.ndarray, counts: np.ndarray, mark: str) -> Weights:
        """Fits both.

        Args:
            rows: Features.
            labels: Whether each row's pair is the same.
            counts: How much it counts.
            mark: What all this is.
        """
        from sklearn.ensemble import GradientBoostingClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler

        scale = StandardScaler().fit(rows)
        linear = LogisticRegression(C=0.005, max_iter=2000)
        linear.fit(scale.transform(rows), labels, sample_weight=counts)
        slopes = linear.coef_[0] / scale.scale_
        trees = GradientBoostingClassifier(
            n_estimators=_TREES, learning_rate=_RATE, max_depth=_DEPTH, subsample=0.5, max_features=0.1,
            min_samples_leaf=5, random_state=0,
        ).fit(rows, labels, sample_weight=counts)  # fmt: skip
        feature, threshold, value = (
            np.array(parts)
            for parts in zip(*(_full(one.tree_) for one in trees.estimators_[:, 0]), strict=True)
        )
        bare = cls(slopes, 0.0, feature, threshold, value, 0.0, mark)
        start = float(trees.decision_function(rows[:1])[0] - bare.boosted(rows[:1])[0])
        offset = float(linear.intercept_[0] - slopes @ scale.mean_)
        return cls(slopes, offset, feature, threshold, value, start, mark)

    def parts(self) -> dict[str, np.ndarray]:
        """All parts by name."""
        return {name: np.asarray(part) for name, part in asdict(self).items()}

    @classmethod
    def of_parts(cls, parts: dict[str, np.ndarray]) -> Weights:
        """Of what ``parts`` gave."""
        single = {name: parts[name].item() for name in ("offset", "start", "mark")}
        return cls(**{**parts, **single})


def _full(tree) -> tuple[list[int], list[float], list[float]]:
    """A tree with all its levels: a leaf higher up asks nothing and has the same value on both sides."""
    nodes, feature, threshold = [0], [], []
    for _ in range(_DEPTH):
        leaves = [tree.children_left[node] < 0 for node in nodes]
        feature += [0 if leaf else int(tree.feature[node]) for node, leaf in zip(nodes, leaves, strict=True)]
        threshold += [
            np.inf if leaf else float(tree.threshold[node]) for node, leaf in zip(nodes, leaves, strict=True)
        ]
        nodes = [
            node if leaf else int(side[node])
            for node, leaf in zip(nodes, leaves, strict=True)
            for side in (tree.children_left, tree.children_right)
        ]
    return feature, threshold, [_RATE * float(tree.value[node, 0, 0]) for node in nodes]


def _sigmoid(odds: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-odds))
