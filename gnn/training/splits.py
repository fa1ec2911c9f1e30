"""Which images train, which stop the training, and which only test: never a part of one thing on two sides.

Particles of one image share its illumination, its fit and its neighbours; slices of one volume even share the
particles. A model that has seen one of them knows the others, so the split is by image (by volume where images
are its slices), or more strictly by sample or by beamtime. The groups, in an order drawn from the seed, are cut
into five parts: one tests, the next one stops the training, three train (60/20/20). Rotating the parts gives
five such splits, in which every image is tested exactly once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from torch_geometric.data import HeteroData

from cathograph.gnn.graph_layout import name_of, target_phase, values
from cathograph.schema.errors import ModelError

SplitBy = Literal["image", "sample", "beamtime"]

_PARTS = 5
_FEWEST_GROUPS = 3


@dataclass(frozen=True)
class Split:
    """Names of images (``sample/image``) by part."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def part_of(self, name: str) -> str:
        """Tell the part of an image: train, validation, test or none."""
        for part in ("train", "validation", "test"):
            if name in getattr(self, part):
                return part
        return "none"

    def choose(self, graphs: Sequence[HeteroData], part: str) -> list[HeteroData]:
        """Keep the graphs of a part."""
        names = set(getattr(self, part))
        return [graph for graph in graphs if name_of(graph) in names]

    def to_card(self) -> dict[str, list[str]]:
        """Give what JSON can hold."""
        return {part: list(getattr(self, part)) for part in ("train", "validation", "test")}

    @classmethod
    def from_card(cls, card: dict[str, Any]) -> "Split":
        """Read what `to_card` gave."""
        return cls(tuple(card["train"]), tuple(card["validation"]), tuple(card["test"]))


def can_train(graph: HeteroData) -> bool:
    """Whether an image has an active particle with a measured state."""
    return bool(values(graph, target_phase(graph), "y_mask").any())


def group_of(graph: HeteroData, by: SplitBy) -> str:
    """Name the group of an image that must stay together.

    Raises
    ------
    ModelError
        When it has no beamtime and the split is by beamtime.
    """
    if by == "sample":
        return str(graph.sample)
    if by == "beamtime":
        if not graph.beamtime:
            msg = (
                f"Found no beamtime of {name_of(graph)}; expected one of every image to split by beamtime. "
                "Ingest with --beamtime, or split by image or sample."
            )
            raise ModelError(msg)
        return str(graph.beamtime)
    return f"volume {graph.sample}/{graph.volume}" if graph.volume else f"image {name_of(graph)}"


def split_graphs(
    graphs: Sequence[HeteroData], *, by: SplitBy = "image", seed: int = 0, fold: int = 0
) -> Split:
    """Split images 60/20/20.

    Parameters
    ----------
    graphs : sequence of HeteroData
        Images; those without a measured state are in no part.
    by : {"image", "sample", "beamtime"}
        What must not stand on two sides.
    seed : int
        Of the order of the groups.
    fold : int
        Which of the rotations: 0 … `n_folds` - 1.

    Raises
    ------
    ModelError
        For fewer than three groups with a measured state.
    """
    usable = [graph for graph in graphs if can_train(graph)]
    groups: dict[str, list[str]] = {}
    for graph in usable:
        groups.setdefault(group_of(graph, by), []).append(name_of(graph))
    if len(groups) < _FEWEST_GROUPS:
        what = {"image": "images (or volumes)", "sample": "samples", "beamtime": "beamtimes"}[by]
        msg = (
            f"Found {len(groups)} {what} with measured states among {len(graphs)} images; expected at least "
            f"{_FEWEST_GROUPS}: one to train, one to stop, one to test. Ingest more with --energy-map"
            + ("." if by == "image" else ", or split by image.")
        )
        raise ModelError(msg)
    names = sorted(groups)
    order = np.random.default_rng(seed).permutation(len(names))
    # The larger parts come last, so that the first split has most to train on.
    parts = np.array_split(order[::-1], min(_PARTS, len(names)))[::-1]
    n_parts = len(parts)
    split = Split(
        train=_named(parts, [(fold + k) % n_parts for k in range(2, n_parts)], names, groups),
        validation=_named(parts, [(fold + 1) % n_parts], names, groups),
        test=_named(parts, [fold % n_parts], names, groups),
    )
    check_split(split, usable, by)
    return split


def n_folds(graphs: Sequence[HeteroData], by: SplitBy = "image") -> int:
    """Count the rotations there are: five, or as many as there are groups."""
    return min(_PARTS, len({group_of(graph, by) for graph in graphs if can_train(graph)}))


def check_split(split: Split, graphs: Sequence[HeteroData], by: SplitBy) -> None:
    """Refuse a split that leaks, or that has an empty part.

    Raises
    ------
    ModelError
        When an image, the slices of a volume, a sample or a beamtime (as asked) stand on two sides, when an
        image is not there, or when a part is empty.
    """
    known = {name_of(graph): graph for graph in graphs}
    owners: dict[str, tuple[str, str]] = {}
    # By sample or beamtime, volumes must stay whole all the same: their names need not be unique to one.
    for key in _keys(by):
        owners.clear()
        for part in ("train", "validation", "test"):
            for name in getattr(split, part):
                if name not in known:
                    msg = f"Found {name} in the split and not in the store; expected it. Train again."
                    raise ModelError(msg)
                group = key(known[name])
                before, other = owners.setdefault(group, (part, name))
                if before != part or (other == name and getattr(split, part).count(name) > 1):
                    msg = (
                        f"Found a leak: {group} stands in {before} (by {other}) and in {part} (by {name}); "
                        f"expected one side. Split by {by} with cathograph.gnn.training.splits.split_graphs."
                    )
                    raise ModelError(msg)
    empty = [part for part in ("train", "validation", "test") if not getattr(split, part)]
    if empty:
        msg = f"Found no image in {empty[0]}; expected at least one. Ingest more images with states."
        raise ModelError(msg)


def _keys(by: SplitBy) -> list[Callable[[HeteroData], str]]:
    always: list[Callable[[HeteroData], str]] = [lambda graph: group_of(graph, "image")]
    return always if by == "image" else [*always, lambda graph: f"{by} {group_of(graph, by)}"]


def _named(
    parts: "list[np.ndarray[Any, np.dtype[np.int64]]]",
    chosen: list[int],
    names: list[str],
    groups: dict[str, list[str]],
) -> tuple[str, ...]:
    return tuple(name for k in chosen for place in sorted(parts[k].tolist()) for name in groups[names[place]])
