"""What a graph network has to beat: the mean, linear regression, gradient boosting.

Each is fitted on the training and the validation part, which is more than a network learns from (it needs the
validation part to know when to stop). Linear regression is ridge with its penalty chosen by leave-one-out,
because plain least squares on a hundred neighbourhood features of few particles is too weak a baseline.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch_geometric.data import HeteroData

from cathograph.gnn.answers.neighbourhood_features import all_features, own_features
from cathograph.gnn.graph_layout import target_phase, values

Features = Callable[[HeteroData], NDArray[np.float64]]


class _Regressor(Protocol):
    def fit(self, x: Any, y: Any) -> Any: ...  # noqa: ANN401
    def predict(self, x: Any) -> Any: ...  # noqa: ANN401


@dataclass(frozen=True)
class Baseline:
    """A regression on a table of particles.

    Attributes
    ----------
    name : str
        As tables show it.
    looks_at_neighbours : bool
        Whether it knows of contacts at all.
    """

    name: str
    looks_at_neighbours: bool
    make: Callable[[], _Regressor]

    @property
    def features(self) -> Features:
        """What it sees of a particle."""
        return all_features if self.looks_at_neighbours else own_features


def _ridge() -> _Regressor:
    made: _Regressor = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-3, 4, 15)))
    return made


def _boosting() -> _Regressor:
    made: _Regressor = HistGradientBoostingRegressor(
        learning_rate=0.05, max_iter=150, min_samples_leaf=10, early_stopping=False, random_state=0
    )
    return made


BASELINES: tuple[Baseline, ...] = (
    Baseline("mean", False, lambda: DummyRegressor()),
    Baseline("linear", False, _ridge),
    Baseline("boosting", False, _boosting),
    Baseline("linear + neighbours", True, _ridge),
    Baseline("boosting + neighbours", True, _boosting),
)
"""All of them, the plainest first."""


def predict_with(
    baseline: Baseline, learn_from: Sequence[HeteroData], graphs: Sequence[HeteroData], n_targets: int
) -> list[NDArray[np.float64]]:
    """Fit a baseline, one target at a time where it was measured, and predict other images.

    Returns
    -------
    list of ndarray, shape (active particles, targets)
        In eV, one an image of `graphs`.
    """
    x = np.concatenate([baseline.features(graph) for graph in learn_from])
    y = np.concatenate([values(graph, target_phase(graph), "y").numpy() for graph in learn_from])
    mask = np.concatenate([values(graph, target_phase(graph), "y_mask").numpy() for graph in learn_from])
    asked = [baseline.features(graph) for graph in graphs]
    predicted = [np.zeros((len(each), n_targets)) for each in asked]
    for target in range(n_targets):
        known = mask[:, target]
        fitted = baseline.make()
        fitted.fit(x[known], y[known, target])
        for place, each in enumerate(asked):
            if len(each):
                predicted[place][:, target] = fitted.predict(each)
    return predicted
