"""Training a model: an ensemble of networks from several seeds, on one split or on all of its rotations."""

import copy
from collections.abc import Callable, Sequence
from pathlib import Path

from torch_geometric.data import HeteroData

from cathograph.gnn.graph_layout import layout_of, target_phase
from cathograph.gnn.training.model_files import Fold, TrainedModel
from cathograph.gnn.training.network_training import TrainedNetwork, TrainingSettings, train_network
from cathograph.gnn.training.splits import SplitBy, n_folds, split_graphs
from cathograph.schema.errors import ModelError

Progress = Callable[[int, int, int, float], None]
"""Called with (networks done, networks in all, epoch, validation loss)."""


def train_model(
    graphs: Sequence[HeteroData],
    settings: TrainingSettings,
    *,
    name: str,
    split_by: SplitBy = "image",
    folds: int = 1,
    members: int = 1,
    seed: int = 0,
    device: str = "auto",
    checkpoints: Path | None = None,
    progress: Progress | None = None,
) -> TrainedModel:
    """Train an ensemble on each of some splits.

    Parameters
    ----------
    graphs : sequence of HeteroData
        All images; those without a measured state are left out.
    settings : TrainingSettings
        How one network is trained.
    name : str
        What users will call the model.
    split_by : {"image", "sample", "beamtime"}
        What must not stand on two sides.
    folds : int
        How many rotations of the split, up to `cathograph.gnn.training.splits.n_folds`. With all of them,
        each image tests once.
    members : int
        Networks of one split, from seeds `seed`, `seed` + 1, ….
    seed : int
        Of splits and networks.
    device : {"auto", "cpu", "cuda"}
        Where.
    checkpoints : Path, optional
        Folder for the state of unfinished networks; training again with it continues from there.
    progress : callable, optional
        See `Progress`.

    Raises
    ------
    ModelError
        When there are too few groups to split, more folds than rotations, or as `train_network`.
    """
    layout = layout_of(graphs)
    split_graphs(graphs, by=split_by, seed=seed)  # says first what is wrong with the images themselves
    most = n_folds(graphs, split_by)
    if not 1 <= folds <= most or members < 1:
        msg = (
            f"Found {folds} folds with {members} members; expected 1 to {most} folds (parts that each test "
            "once) and at least 1 member. Correct --folds or --members."
        )
        raise ModelError(msg)
    trained = []
    for fold in range(folds):
        split = split_graphs(graphs, by=split_by, seed=seed, fold=fold)
        networks: list[TrainedNetwork] = []
        for member in range(members):
            done = fold * members + member

            def show(epoch: int, _: int, loss: float, done: int = done) -> None:
                if progress is not None:
                    progress(done, folds * members, epoch, loss)

            network, scaling = train_network(
                graphs,
                split,
                layout,
                settings,
                seed=seed + member,
                device=device,
                checkpoints=None if checkpoints is None else checkpoints / f"fold-{fold}-member-{member}",
                progress=show,
            )
            networks.append(network)
        trained.append(Fold(split, scaling, tuple(networks)))
    return TrainedModel(name, layout, settings, split_by, seed, tuple(trained))


def keep_targets(graphs: Sequence[HeteroData], targets: Sequence[str]) -> list[HeteroData]:
    """Give the same graphs with some of their targets, in the order asked for.

    Raises
    ------
    ModelError
        When a graph lacks one.
    """
    kept = []
    for graph in graphs:
        missing = [name for name in targets if name not in graph.target_names]
        if missing or not targets:
            msg = (
                f"Found no target {missing[0] if missing else 'at all'}; expected some of "
                f"{', '.join(graph.target_names)}. Correct --targets."
            )
            raise ModelError(msg)
        places = [graph.target_names.index(name) for name in targets]
        one = copy.copy(graph)
        active = target_phase(graph)
        one[active].y = graph[active].y[:, places]
        one[active].y_mask = graph[active].y_mask[:, places]
        one.target_names = list(targets)
        kept.append(one)
    return kept
