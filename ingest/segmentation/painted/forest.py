"""A forest of extremely randomised trees: grown by scikit-learn, kept and asked as plain arrays.

Arrays can be written to a file that holds numbers only, so that reading a model runs no code, and
an answer does not depend on the version of the library that grew the trees. A node that asks a question has its first
answer right behind it; only the place of the second one is kept.

Source: P. Geurts, D. Ernst, L. Wehenkel, Mach. Learn. 63 (2006) 3.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

TREES = 50
LEAST_IN_LEAF = 2
SEED = 0
_ASKED_AT_ONCE = 512
_TREES_BETWEEN_LOOKS = 5
_ROUNDING = 1e-4
"""More than sums of 32 bits over all trees are off by."""

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
            weights = self._equal_weights()
        return self._walk(features, weights, until_settled=False)

    def classes(self, features: Floats) -> NDArray[np.intp]:
        """Give the likeliest class, the first of equal ones: what `probabilities` gives, in less time.

        Parameters
        ----------
        features : float32 array, shape (n, f)
            As the trees were grown on.

        Returns
        -------
        int array, shape (n,)
        """
        found: NDArray[np.intp] = self._walk(features, self._equal_weights(), until_settled=True).argmax(
            axis=1
        )
        return found

    def _equal_weights(self) -> Floats:
        return np.full(self.trees, 1 / self.trees, np.float32)

    @cached_property
    def _answers(self) -> NDArray[np.int32]:
        """Next node up to the threshold, and above it; a leaf leads to itself."""
        own = np.arange(len(self.feature), dtype=np.int32)
        leaf = self.feature < 0
        return np.stack([np.where(leaf, own, own + 1), np.where(leaf, own, self.other)], axis=1)

    def _walk(self, features: Floats, weights: Floats, *, until_settled: bool) -> Floats:
        found = np.zeros((len(features), self.probability.shape[1]), np.float32)
        _ask(
            features, self.feature, self.threshold, self._answers, self.probability, self.start, weights,
            until_settled, found,
        )  # fmt: skip
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
    answers: Any,  # noqa: ANN401
    probability: Any,  # noqa: ANN401
    start: Any,  # noqa: ANN401
    weights: Any,  # noqa: ANN401
    until_settled: Any,  # noqa: ANN401
    found: Any,  # noqa: ANN401
) -> None:
    """Walk some pixels at a time through tree after tree, so that both stay in the cache.

    Four pixels walk side by side, because the processor waits for each step of a single walk. With `until_settled`, a
    pixel leaves once the trees that are left cannot change its class.
    """
    trees, n_classes = len(start) - 1, probability.shape[1]
    pixels = np.empty(_ASKED_AT_ONCE, np.int64)
    for first in range(0, len(features), _ASKED_AT_ONCE):
        n = min(_ASKED_AT_ONCE, len(features) - first)
        for each in range(n):
            pixels[each] = first + each
        left = 0.0
        for tree in range(trees):
            left += weights[tree]
        for tree in range(trees):
            weight = weights[tree]
            left -= weight
            if weight == 0:
                continue
            root = start[tree]
            for each in range(0, n - 3, 4):
                p, q, r, s = pixels[each], pixels[each + 1], pixels[each + 2], pixels[each + 3]
                a = b = c = d = root
                while feature[a] >= 0 or feature[b] >= 0 or feature[c] >= 0 or feature[d] >= 0:
                    # A leaf is its own answer, whatever feature −1 is.
                    a = answers[a, int(features[p, feature[a]] > threshold[a])]
                    b = answers[b, int(features[q, feature[b]] > threshold[b])]
                    c = answers[c, int(features[r, feature[c]] > threshold[c])]
                    d = answers[d, int(features[s, feature[d]] > threshold[d])]
                for k in range(n_classes):
                    found[p, k] += weight * probability[a, k]
                    found[q, k] += weight * probability[b, k]
                    found[r, k] += weight * probability[c, k]
                    found[s, k] += weight * probability[d, k]
            for each in range(n - n % 4, n):
                p = pixels[each]
                a = root
                while feature[a] >= 0:
                    a = answers[a, int(features[p, feature[a]] > threshold[a])]
                for k in range(n_classes):
                    found[p, k] += weight * probability[a, k]
            if until_settled and tree % _TREES_BETWEEN_LOOKS == _TREES_BETWEEN_LOOKS - 1:
                kept = 0
                for each in range(n):
                    p = pixels[each]
                    best, second = -1.0, -1.0
                    for k in range(n_classes):
                        if found[p, k] > best:
                            best, second = found[p, k], best
                        elif found[p, k] > second:
                            second = found[p, k]
                    if best - second <= left + _ROUNDING:
                        pixels[kept] = p
                        kept += 1
                n = kept
