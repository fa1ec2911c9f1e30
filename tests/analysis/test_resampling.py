"""Wild cluster bootstrap and permutation within clusters against their plain definitions."""

from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from cathograph.analysis.statistics.permutation import permute_within_clusters
from cathograph.analysis.statistics.wild_bootstrap import wild_cluster_bootstrap

Floats = NDArray[np.float64]


def cluster_robust_t(y: Floats, x: Floats, cluster: NDArray[np.int64]) -> float:
    """Divide the first coefficient by its plain cluster-robust error."""
    bread = np.linalg.inv(x.T @ x)
    coefficients = bread @ x.T @ y
    residual = y - x @ coefficients
    scores = np.array([x[cluster == c].T @ residual[cluster == c] for c in range(cluster.max() + 1)])
    return float(coefficients[0] / np.sqrt((bread @ scores.T @ scores @ bread)[0, 0]))


@pytest.mark.parametrize("n_clusters", [7, 15])
def test_bootstrap_equals_refitting_every_draw(n_clusters: int) -> None:
    rng = np.random.default_rng(n_clusters)
    cluster = np.sort(np.concatenate([np.arange(n_clusters), rng.integers(0, n_clusters, 40)]))
    n = len(cluster)
    x = np.column_stack([rng.random(n) < 0.4, np.ones(n), rng.normal(size=n)]).astype(float)
    y = 0.3 * x[:, 0] + rng.normal(size=n_clusters)[cluster] + rng.normal(size=n)
    found = wild_cluster_bootstrap(y, x, cluster, draws=199, rng=np.random.default_rng(9))
    weights_rng = np.random.default_rng(9)
    if n_clusters <= 12:
        six = np.array([-(1.5**0.5), -1, -(0.5**0.5), 0.5**0.5, 1, 1.5**0.5])
        weights = six[weights_rng.integers(0, 6, (199, n_clusters))]
        assert found.weights == "Webb weights"
    else:
        weights = weights_rng.integers(0, 2, (199, n_clusters)) * 2.0 - 1
        assert found.weights == "Rademacher weights"
    null = x[:, 1:]
    fitted = null @ np.linalg.lstsq(null, y, rcond=None)[0]
    observed = abs(cluster_robust_t(y, x, cluster))
    as_large = [
        abs(cluster_robust_t(fitted + (y - fitted) * draw[cluster], x, cluster)) >= observed - 1e-9
        for draw in weights
    ]
    assert found.p_value == (1 + sum(as_large)) / 200


def test_bootstrap_without_other_columns() -> None:
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(20), 3)
    found = wild_cluster_bootstrap(rng.normal(size=60) + 5, np.ones((60, 1)), cluster, draws=199, rng=rng)
    assert found.p_value == 1 / 200


def test_permutation_equals_all_shuffles() -> None:
    # Images of 3 and 4 particles with one and two exposed: 3 x 6 = 18 different shuffles. The
    # share of those at least as extreme is what many random shuffles must find.
    cluster = np.array([0, 0, 0, 1, 1, 1, 1])
    exposure = np.array([1.0, 0, 0, 1, 1, 0, 0])
    y = np.array([2.0, 0.5, 1.0, 3.5, 2.5, 3.0, 1.0])
    centred_y = y - np.array([y[:3].mean()] * 3 + [y[3:].mean()] * 4)

    def studentized(shuffle: Floats) -> float:
        x = shuffle - np.array([1 / 3] * 3 + [1 / 2] * 4)
        slope = x @ y / (x @ x)
        return float(abs(slope) / np.sqrt(((x * (centred_y - slope * x)) ** 2).sum()) * (x @ x))

    shuffles = [
        np.array(first + second)
        for first in permutations([1.0, 0, 0])
        for second in permutations([1.0, 1, 0, 0])
    ]
    exact = np.mean([studentized(shuffle) >= studentized(exposure) - 1e-9 for shuffle in shuffles])
    found = permute_within_clusters(y, exposure, cluster, draws=20_000, rng=np.random.default_rng(1))
    assert found.p_value == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 20_000))
    assert found.informative_clusters == 2
    # Within image 0: 2 - 0.75 = 1.25, weight 2/3; within image 1: 3 - 2 = 1, weight 1.
    assert found.estimate == pytest.approx((1.25 * 2 / 3 + 1.0) / (2 / 3 + 1))


def test_permutation_leaves_out_clusters_of_one_kind() -> None:
    y, exposure = np.array([1.0, 5, 9, 9]), np.array([1.0, 0, 1, 1])
    found = permute_within_clusters(
        y, exposure, np.array([0, 0, 1, 1]), draws=99, rng=np.random.default_rng(0)
    )
    assert found.informative_clusters == 1
    assert found.estimate == -4
    assert found.p_value == 1.0  # two particles: both shuffles are equally extreme


def test_permutation_knows_nothing_of_what_an_image_shares() -> None:
    rng = np.random.default_rng(2)
    cluster = np.repeat(np.arange(10), 5)
    y, exposure = rng.normal(size=50), (rng.random(50) < 0.4).astype(float)
    first = permute_within_clusters(y, exposure, cluster, draws=99, rng=np.random.default_rng(0))
    second = permute_within_clusters(
        y + 7 * cluster, exposure, cluster, draws=99, rng=np.random.default_rng(0)
    )
    assert second.estimate == pytest.approx(first.estimate)
    assert second.p_value == first.p_value


@pytest.mark.parametrize(
    ("y", "exposure", "reason"),
    [
        ([1.0, 2, 3, 4], [1.0, 1, 0, 0], "no cluster holds particles of both kinds"),
        ([1.0, 1, 3, 3], [1.0, 0, 1, 0], "the outcome does not vary within clusters"),
    ],
)
def test_permutation_says_why_it_has_no_answer(y: list[float], exposure: list[float], reason: str) -> None:
    found = permute_within_clusters(
        np.array(y), np.array(exposure), np.array([0, 0, 1, 1]), draws=99, rng=np.random.default_rng(0)
    )
    assert found.reason == reason
    assert np.isnan(found.p_value)


def test_permutation_in_parts_is_the_permutation_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    y, exposure = rng.normal(size=40), (rng.random(40) < 0.4).astype(float)
    cluster = np.repeat(np.arange(8), 5)
    whole = permute_within_clusters(y, exposure, cluster, draws=99, rng=np.random.default_rng(0))
    monkeypatch.setattr("cathograph.analysis.statistics.permutation._CELLS", 400)
    parts = permute_within_clusters(y, exposure, cluster, draws=99, rng=np.random.default_rng(0))
    assert parts == whole
