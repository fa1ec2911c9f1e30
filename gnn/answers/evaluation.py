"""Evaluation of a model: its errors, their confidence intervals, and whether it beats each baseline.

Only test parts count. Particles of one image are not independent, so intervals come from a bootstrap that draws
whole images, and a comparison with a baseline is paired: both are judged on the same drawn images. With few test
images such intervals are too narrow, and the table says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from torch_geometric.data import HeteroData

from cathograph.gnn.answers.baselines import BASELINES, predict_with
from cathograph.gnn.answers.prediction import Predictor
from cathograph.gnn.graph_layout import check_layout, name_of, values
from cathograph.gnn.training.model_files import TrainedModel
from cathograph.gnn.training.splits import check_split, group_of
from cathograph.schema.errors import ModelError

DRAWS = 2000
FEW_GROUPS = 10
"""Below so many test images (or volumes, samples, …) an interval is too narrow to be trusted."""

FEWEST_FOR_A_VERDICT = 6
"""Below so many, chance alone makes a rival lose in every one of them too often (2 of 2 images: every second
time; 6 of 6: in 3 %)."""


@dataclass(frozen=True, eq=False)
class TestedParticles:
    """Measured and predicted states of the test parts.

    Attributes
    ----------
    groups : ndarray of int64, shape (particles,)
        Number of the image, volume, sample or beamtime: what is drawn.
    measured : ndarray, shape (particles, targets)
        NaN where not measured.
    predicted : dict of str to ndarray, shape (particles, targets)
        By model and baseline.
    targets : tuple of str
        Names of the columns.
    """

    __test__ = False  # for pytest, which takes the name for one of its own

    groups: NDArray[np.int64]
    measured: NDArray[np.float64]
    predicted: dict[str, NDArray[np.float64]]
    targets: tuple[str, ...]


def collect_tests(
    models: Mapping[str, TrainedModel], graphs: Sequence[HeteroData], *, device: str = "auto"
) -> TestedParticles:
    """Predict the test part of every fold with models and baselines.

    Parameters
    ----------
    models : Mapping of str to TrainedModel
        By the name to show; all trained on the same splits.
    graphs : sequence of HeteroData
        At least the images of these splits.
    device : {"auto", "cpu", "cuda"}
        Where to compute.

    Raises
    ------
    ModelError
        When models have different splits, an image is missing, a split leaks, or features differ.
    """
    first = next(iter(models.values()))
    splits = [fold.split for fold in first.folds]
    for name, model in models.items():
        if [fold.split for fold in model.folds] != splits:
            msg = (
                f"Found {name} trained on other splits than {next(iter(models))}; expected the same ones, so that "
                "both are tested on the same images. Train them with the same --seed, --folds and --split-by."
            )
            raise ModelError(msg)
    predictors = {name: Predictor(model, device=device) for name, model in models.items()}
    targets = first.layout.targets
    numbers: dict[str, int] = {}
    groups, measured = [], []
    predicted: dict[str, list[NDArray[np.float64]]] = {
        name: [] for name in (*models, *(each.name for each in BASELINES))
    }
    for place, split in enumerate(splits):
        known = [graph for graph in graphs if split.part_of(name_of(graph)) != "none"]
        check_split(split, known, first.split_by)
        learn_from = [*split.choose(known, "train"), *split.choose(known, "validation")]
        tests = split.choose(known, "test")
        for graph in known:
            check_layout(first.layout, graph)
        for graph in tests:
            number = numbers.setdefault(group_of(graph, first.split_by), len(numbers))
            y = values(graph, first.layout.target_phase, "y").numpy().copy()
            y[~values(graph, first.layout.target_phase, "y_mask").numpy()] = np.nan
            measured.append(y)
            groups.append(np.full(len(y), number))
            for name, predictor in predictors.items():
                predicted[name].append(predictor.predict(graph, place).mean)
        for baseline in BASELINES:
            predicted[baseline.name] += predict_with(baseline, learn_from, tests, len(targets))
    return TestedParticles(
        np.concatenate(groups),
        np.concatenate(measured),
        {name: np.concatenate(parts) for name, parts in predicted.items()},
        targets,
    )


def score(tests: TestedParticles, *, draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """Compute RMSE, MAE and R² with 95 % intervals.

    Returns
    -------
    DataFrame
        One row per target and model: ``target``, ``model``, ``n`` (particles), ``images`` (or what the split is by),
        ``rmse``, ``rmse_low``, ``rmse_high``, the same for ``mae`` and ``r2``, ``caution``.

    Notes
    -----
    R² compares with the mean of the tested particles themselves, so predicting the training part's mean gives a
    value a little below 0. Intervals: percentiles over draws of whole groups, at a level widened for few groups
    (Hesterberg, 2015, "expanded percentile").
    """
    rows = []
    for place, target in enumerate(tests.targets):
        known = ~np.isnan(tests.measured[:, place])
        weights = _draws(tests.groups[known], draws, seed)
        for name, predicted in tests.predicted.items():
            sums = _sums(tests.groups[known], tests.measured[known, place], predicted[known, place])
            row = {"target": target, "model": name, "n": int(known.sum()), "images": len(sums)}
            for metric, numbers in _metrics(sums, weights).items():
                row |= {metric: float(numbers[0])}
                row |= dict(
                    zip((f"{metric}_low", f"{metric}_high"), _interval(numbers[1:], len(sums)), strict=True)
                )
            rows.append({**row, "caution": caution(len(sums))})
    return pd.DataFrame(rows)


def compare(
    tests: TestedParticles, models: Sequence[str], *, draws: int = DRAWS, seed: int = 0
) -> pd.DataFrame:
    """Compare models with every baseline on the same particles.

    Returns
    -------
    DataFrame
        One row per target, model and rival: ``rmse_difference`` (model minus rival, eV) with its 95 % interval,
        ``rmse_ratio``, ``verdict`` (better, worse, undecided where the interval holds 0, too few images) and
        ``caution``.
    """
    rows = []
    for place, target in enumerate(tests.targets):
        known = ~np.isnan(tests.measured[:, place])
        weights = _draws(tests.groups[known], draws, seed)
        rmse = {
            name: _metrics(
                _sums(tests.groups[known], tests.measured[known, place], predicted[known, place]), weights
            )["rmse"]
            for name, predicted in tests.predicted.items()
        }
        n_groups = len(np.unique(tests.groups[known]))
        for model in models:
            for rival in tests.predicted:
                if rival == model:
                    continue
                difference = rmse[model] - rmse[rival]
                low, high = _interval(difference[1:], n_groups)
                rows.append(
                    {
                        "target": target,
                        "model": model,
                        "rival": rival,
                        "rmse_difference": float(difference[0]),
                        "difference_low": low,
                        "difference_high": high,
                        "rmse_ratio": float(rmse[model][0] / rmse[rival][0]) if rmse[rival][0] else np.nan,
                        "verdict": _verdict(low, high, n_groups),
                        "caution": caution(n_groups),
                    }
                )
    return pd.DataFrame(rows)


def caution(n_groups: int) -> str:
    """Say what an interval over so many drawn groups is worth.

    Examples
    --------
    >>> caution(2), caution(1), caution(30)
    ('2 test images: intervals too narrow', '1 test image: no interval', '')
    """
    if n_groups < 2:
        return f"{n_groups} test image: no interval"
    return f"{n_groups} test images: intervals too narrow" if n_groups < FEW_GROUPS else ""


def _sums(
    groups: NDArray[np.int64], measured: NDArray[np.float64], predicted: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Add up, by group, all that the metrics need; shape (groups, 5)."""
    names, places = np.unique(groups, return_inverse=True)
    error = predicted - measured
    # Around the overall mean, so that the squares of 8344 eV do not swallow the digits.
    around = measured - (measured.mean() if len(measured) else 0.0)
    parts = np.stack([np.ones_like(error), error**2, np.abs(error), around, around**2], axis=1)
    sums = np.zeros((len(names), parts.shape[1]))
    np.add.at(sums, places, parts)
    return sums


def _draws(groups: NDArray[np.int64], draws: int, seed: int) -> NDArray[np.float64]:
    """How often each group is drawn, shape (1 + draws, groups): first each once, then with replacement."""
    n = len(np.unique(groups))
    if n < 2:
        return np.ones((1, n))
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), draws)
    return np.concatenate([np.ones((1, n)), drawn.astype(np.float64)])


def _metrics(sums: NDArray[np.float64], weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    n, squares, absolute, first, second = (weights @ sums).T
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = second - first**2 / n
        return {
            "rmse": np.sqrt(squares / n),
            "mae": absolute / n,
            "r2": np.where(spread > 0, 1 - squares / spread, np.nan),
        }


def _verdict(low: float, high: float, n_groups: int) -> str:
    if n_groups < FEWEST_FOR_A_VERDICT:
        return "too few images"
    return "better" if high < 0 else "worse" if low > 0 else "undecided"


def _interval(drawn: NDArray[np.float64], n_groups: int) -> tuple[float, float]:
    known = drawn[np.isfinite(drawn)]
    if not len(known):
        return float("nan"), float("nan")
    # A percentile interval has the width of a normal one with the spread of n groups, not n - 1.
    reach = np.sqrt(n_groups / (n_groups - 1)) * stats.t.ppf(0.975, n_groups - 1)
    tail = 100 * stats.norm.cdf(-reach)
    low, high = np.percentile(known, [tail, 100 - tail])
    return float(low), float(high)
