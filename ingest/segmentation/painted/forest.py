"""A forest of extremely randomised trees: grown by scikit-learn, kept and asked as plain arrays.

Arrays can be written to a file that holds numbers only, so that reading a model runs no code, and
an answer does not depend on the version of the library that grew the trees. A node that asks a question has its first
answer right behind it; only the place of the second one is kept.

Source: P. Geurts, D. Ernst, L. Wehenkel, Mach. Learn. 63 (2006) 3.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

TREES = 50
LEAST_IN_LEAF = 2
SEED = 0
_ASKED_AT_ONCE = 512

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees as arrays, one entry a node, tree after tree.

    Attributes
    ----------
    feature : int16 array, shape (nodes,)
        Number of the feature that the node asks for; −1 in a leaf.
    threshold : float32 array, shape (nodes,)
        Up to this value the answer is the next node.
    other : int32 array, shape (nodes,)
        Where a larger value leads; always behind the node.
    probability : float32 array, shape (nodes, classes)
        Of each class, in leaves.
    start : int32 array, shape (trees + 1,)
        First node of each tree, and the number of nodes.
    """

    feature: NDArray[np.int16]
    threshold: Floats
    other: NDArray[np.int32]
    probability: Floats
    start: NDArray[np.int32]

    @property
    def trees(self) -> int:
        """Number of trees."""
        return len(self.start) - 1

    def probabilities(self, features: Floats, weights: NDArray[np.float32] | None = None) -> Floats:
        """Give the probability of each class.

        Parameters
        ----------
        features : float32 array, shape (n, f)
            As the trees were grown on.
        weights : float32 array, shape (trees,), optional
            Of each tree, 1 in all; equal ones by default.

        Returns
        -------
        float32 array, shape (n, classes)
        """
        if weights is None:
            weights = np.full(self.trees, 1 / self.trees, np.float32)
        found = np.zeros((len(features), self.probability.shape[1]), np.float32)
        _ask(features, self.feature, self.threshold, self.other, self.probability, self.start, weights, found)
        return found


def grow_forest(features: Floats, classes: NDArray[np.uint8], n_classes: int) -> Forest:
    """Grow a forest.

    Parameters
    ----------
    features : float32 array, shape (n, f)
        Of painted pixels.
    classes : uint8 array, shape (n,)
        Their classes, 0 to `n_classes` − 1, each of them there.
    n_classes : int
        How many.

    Notes
    -----
    Classes weigh the same, however much of each was painted.
    """
    from sklearn.ensemble import ExtraTreesClassifier

    grown = ExtraTreesClassifier(
        TREES, min_samples_leaf=LEAST_IN_LEAF, class_weight="balanced", random_state=SEED, n_jobs=-1
    ).fit(features, classes)
    trees = [each.tree_ for each in grown.estimators_]
    start = np.cumsum([0, *(tree.node_count for tree in trees)]).astype(np.int32)
    probability = np.concatenate([tree.value[:, 0, :] for tree in trees]).reshape(-1, n_classes)
    probability /= probability.sum(axis=1, keepdims=True)
    exact = np.concatenate([tree.threshold for tree in trees])
    threshold = exact.astype(np.float32)
    # Rounded down: a float32 value is above the exact threshold just when it is above this one.
    over = threshold > exact
    threshold[over] = np.nextafter(threshold[over], np.float32(-np.inf))
    feature = np.concatenate([tree.feature for tree in trees]).astype(np.int16)
    leaf = feature < 0
    other = np.concatenate(
        [tree.children_right + first for tree, first in zip(trees, start[:-1], strict=True)]
    ).astype(np.int32)
    return Forest(
        np.where(leaf, -1, feature).astype(np.int16),
        np.where(leaf, 0, threshold).astype(np.float32),
        np.where(leaf, 0, other).astype(np.int32),
        probability.astype(np.float32),
        start,
    )


def is_whole(forest: Forest, n_features: int) -> bool:
    """Tell whether every walk through the arrays ends in a leaf and stays inside them.

    Parameters
    ----------
    forest : Forest
        Arrays from a file.
    n_features : int
        How many features a pixel has.
    """
    nodes, start = len(forest.feature), forest.start
    if nodes == 0 or len(start) < 2 or start[0] != 0 or start[-1] != nodes or (np.diff(start) < 1).any():
        return False
    if len(forest.threshold) != nodes or len(forest.other) != nodes or len(forest.probability) != nodes:
        return False
    number = np.arange(nodes)
    end = np.repeat(start[1:], np.diff(start))
    asks = forest.feature >= 0
    goes_on = (forest.other > number) & (forest.other < end) & (number + 1 < end)
    sums = forest.probability.sum(axis=1)
    return bool(
        (forest.feature < n_features).all()
        and goes_on[asks].all()
        and np.isfinite(forest.threshold).all()
        and (forest.probability >= 0).all()
        and np.allclose(sums, 1, atol=1e-3)
    )


@njit(cache=True, nogil=True)
def _ask(
    features: Any,  # noqa: ANN401  compiled
    feature: Any,  # noqa: ANN401
    threshold: Any,  # noqa: ANN401
    other: Any,  # noqa: ANN401
    probability: Any,  # noqa: ANN401
    start: Any,  # noqa: ANN401
    weights: Any,  # noqa: ANN401
    found: Any,  # noqa: ANN401
) -> None:
    """Walk some pixels at a time through tree after tree, so that both stay in the cache."""
    n_classes = probability.shape[1]
    for first in range(0, len(features), _ASKED_AT_ONCE):
        last = min(first + _ASKED_AT_ONCE, len(features))
        for tree in range(len(start) - 1):
            weight = weights[tree]
            if weight == 0:
                continue
            for pixel in range(first, last):
                node = start[tree]
                while feature[node] >= 0:
                    node = node + 1 if features[pixel, feature[node]] <= threshold[node] else other[node]
                for each in range(n_classes):
                    found[pixel, each] += weight * probability[node, each]
