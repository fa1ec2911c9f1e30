"""Predictions of a model: mean and spread over its ensemble, in eV, and as rows for the store.

An image that the model was trained on is predicted by the networks of a split in which it only tested, where
there is one, so the prediction is as independent as for a new image. A new image is predicted by all networks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import nn
from torch_geometric.data import HeteroData

from cathograph.gnn.graph_layout import check_layout, name_of, values
from cathograph.gnn.training.model_files import TrainedModel
from cathograph.gnn.training.network_training import choose_device
from cathograph.gnn.training.scaling import Scaling
from cathograph.schema.edges import edge_of_name
from cathograph.schema.prediction_rows import PredictionRows

STATES = ("soc_ev", "heterogeneity_ev", "polarization_ev")


def spread_name(state: str) -> str:
    """Name the column of a state's spread over an ensemble.

    Examples
    --------
    >>> spread_name("soc_ev")
    'soc_sd_ev'
    """
    return f"{state.removesuffix('_ev')}_sd_ev"


@dataclass(frozen=True, eq=False)
class ImagePrediction:
    """What a model says of the active particles of one image.

    Attributes
    ----------
    graph : HeteroData
        The image.
    part : str
        What it was in the split: train, validation, test or none.
    members : ndarray of float64, shape (networks, particles, targets)
        In eV.
    """

    graph: HeteroData
    part: str
    members: NDArray[np.float64]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean over networks, shape (particles, targets)."""
        return np.asarray(self.members.mean(axis=0))

    @property
    def deviation(self) -> NDArray[np.float64]:
        """Sample standard deviation over networks; NaN for a single one."""
        if len(self.members) < 2:
            return np.full(self.members.shape[1:], np.nan)
        return np.asarray(self.members.std(axis=0, ddof=1))


class Predictor:
    """A model whose networks are built once and asked many times.

    Parameters
    ----------
    model : TrainedModel
        The model.
    device : {"auto", "cpu", "cuda"}
        Where to compute.
    """

    def __init__(self, model: TrainedModel, *, device: str = "auto") -> None:
        self.model = model
        self.device = choose_device(device)
        self._network = cache(lambda fold, member: model.network(fold, member).to(self.device))

    def fold_of(self, graph: HeteroData) -> tuple[int | None, str]:
        """Choose the fold for an image, None for all of them, and say which part of it the image is."""
        name = name_of(graph)
        parts = [fold.split.part_of(name) for fold in self.model.folds]
        for wanted in ("test", "validation", "train"):
            if wanted in parts:
                return parts.index(wanted), wanted
        return None, "none"

    def networks(self, fold: int | None) -> Iterator[tuple[nn.Module, Scaling]]:
        """Give the networks of a fold, or of all, each with its scaling."""
        for place in range(len(self.model.folds)) if fold is None else [fold]:
            for member in range(self.model.members):
                yield self._network(place, member), self.model.folds[place].scaling

    def predict(self, graph: HeteroData, fold: int | None = None) -> ImagePrediction:
        """Predict one image.

        Parameters
        ----------
        graph : HeteroData
            The image.
        fold : int, optional
            Networks of this fold; where not given, as the module's header says.

        Raises
        ------
        ModelError
            When the image has other features or phases than those trained on, or a feature is no number.
        """
        check_layout(self.model.layout, graph)
        chosen, part = self.fold_of(graph) if fold is None else (fold, "")
        if fold is not None:
            part = self.model.folds[fold].split.part_of(name_of(graph))
        outputs = []
        with torch.no_grad():
            for network, scaling in self.networks(chosen):
                scaled = scaling.apply(graph).to(self.device)
                scores = network(scaled.x_dict, scaled.edge_index_dict, scaled.edge_attr_dict)
                outputs.append(scaling.targets.restore(scores.cpu()).numpy())
        return ImagePrediction(graph, part, np.stack(outputs))


def prediction_rows(model: TrainedModel, predicted: ImagePrediction) -> PredictionRows:
    """Turn a prediction into rows for the store."""
    graph = predicted.graph
    name = model.layout.absorption_edge
    edge = edge_of_name(name) if name else None
    label = values(graph, model.layout.target_phase, "label").numpy()
    columns: dict[str, NDArray[np.generic]] = {"label": label}
    for state in STATES:
        known = state in model.layout.targets
        place = model.layout.targets.index(state) if known else 0
        nothing = np.full(len(label), np.nan)
        columns[state] = predicted.mean[:, place] if known else nothing
        columns[spread_name(state)] = predicted.deviation[:, place] if known else nothing
    return PredictionRows(
        segmentation_key=str(graph.segmentation),
        prediction={
            "model": model.name,
            "model_hash": model.model_hash,
            "architecture": model.settings.architecture.value,
            "members": len(predicted.members),
            "split": predicted.part,
            "element": edge.element if edge else None,
            "edge": edge.edge if edge else None,
        },
        predicted=pd.DataFrame(columns),
    )
