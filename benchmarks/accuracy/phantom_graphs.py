"""Phantoms as graphs, without a database: images, contacts and states computed as an ingest does.

The states come from the phantom's energy map, read as a measured one is; the planted dependence on structure is
that of `cathograph.phantom.energy_map.EnergyModel`. What a perfect model of that structure could know is
returned beside the graphs (`structural_expectation`), because the rest of a state is drawn at random and
nobody can predict it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch_geometric.data import HeteroData

from cathograph.gnn.graphs.hetero_data import build_hetero_data
from cathograph.gnn.graphs.node_features import DEFAULT_FEATURES
from cathograph.ingest.options import IngestOptions, Source
from cathograph.ingest.pipeline import analyse_page
from cathograph.ingest.reading import Reading
from cathograph.ingest.states.electrochemistry import measure_states
from cathograph.phantom import EnergyModel, Microstructure, make_energy_map
from cathograph.queries.reading.graph_columns import (
    TARGET_NAMES,
    ContactColumns,
    ExportedImage,
    ImageColumns,
    ParticleColumns,
    TargetColumns,
)
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.rows import FieldOfView

_PHASES = ",".join(f"{phase.code}={phase.name}" for phase in SSB_CATHODE.all_phases)
_OF_CONTACTS = ("overlap_ab", "overlap_ba", "weight_px")


@dataclass(frozen=True, eq=False)
class PhantomGraph:
    """A phantom's graph, and whether each of its NMC has SSE and graphite within the contact radius.

    Attributes
    ----------
    graph : HeteroData
        As the exporter gives it.
    both_neighbours : ndarray of bool, shape (NMC,)
        The structure that the planted effect depends on, from the phantom itself.
    """

    graph: HeteroData
    both_neighbours: NDArray[np.bool_]


def phantom_graph(
    phantom: Microstructure,
    *,
    sample: str,
    image: str,
    seed: int,
    energy: EnergyModel | None = None,
    features: Sequence[str] | None = None,
) -> PhantomGraph:
    """Compute one phantom's graph.

    Parameters
    ----------
    phantom : Microstructure
        In 2D or 3D; read as a phase image, so touching particles are split as an ingest does.
    sample, image : str
        Names.
    seed : int
        Of the energy map.
    energy : EnergyModel, optional
        How states depend on structure; without it there are no states.
    features : sequence of str, optional
        Columns of ``x``; default `cathograph.gnn.graphs.node_features.DEFAULT_FEATURES`.
    """
    reading = Reading.of(IngestOptions(source=Source.PHASES, phases=_PHASES))
    view = FieldOfView(sample=sample, image=image)
    analysed = analyse_page(phantom.phases, view, reading, phantom.pixel_size_um)
    rows, regions = analysed.rows, analysed.graph.regions
    ndim = phantom.phases.ndim
    names = DEFAULT_FEATURES[ndim] if features is None else tuple(features)
    states = pd.DataFrame({"label": np.zeros(0, np.int64)}).assign(
        **dict.fromkeys(TARGET_NAMES, 0.0), flagged=False
    )
    if energy is not None:
        made = make_energy_map(phantom, seed=seed, model=energy)
        states = measure_states(regions, made.energy_ev).table
    particles, contacts = rows.particles, rows.contacts
    axes = ("centroid_z", "centroid_y", "centroid_x")[3 - ndim :]
    interface = "interface_um" if ndim == 2 else "interface_um2"
    columns = ImageColumns(
        ExportedImage(
            rows.segmentation_key, sample, image, None, None, None, None, None, ndim, phantom.pixel_size_um,
            len(particles), len(contacts), has_metrics=False, composite=SSB_CATHODE,
        ),
        ParticleColumns(
            particles["label"].to_numpy(np.int64),
            particles["phase"].to_numpy(np.str_),
            particles[list(axes)].to_numpy(np.float64),
            particles[list(names)].to_numpy(np.float64),
        ),
        ContactColumns(
            contacts["a"].to_numpy(np.int64),
            contacts["b"].to_numpy(np.int64),
            *(contacts[name].to_numpy(np.float64) for name in (*_OF_CONTACTS, interface, "gap_px")),
        ),
        TargetColumns(
            states["label"].to_numpy(np.int64),
            states[list(TARGET_NAMES)].to_numpy(np.float64),
            states["flagged"].to_numpy(np.bool_),
        ),
    )  # fmt: skip
    graph = build_hetero_data(columns, names)
    partners: dict[int, set[str]] = {label: set() for label in graph["NMC"].label.tolist()}
    phase_of = dict(zip(particles["label"], particles["phase"], strict=True))
    for a, b in contacts[["a", "b"]].itertuples(index=False):
        for one, other in ((a, b), (b, a)):
            if one in partners:
                partners[one].add(phase_of[other])
    both = np.array([{"SSE", "Graphite"} <= found for found in partners.values()], dtype=np.bool_)
    return PhantomGraph(graph, both)


def structural_expectation(
    learn_from: Sequence[PhantomGraph], graphs: Sequence[PhantomGraph]
) -> list[NDArray[np.float64]]:
    """Predict what the planted structure alone tells: the mean state of NMC with both neighbours, or without.

    Returns
    -------
    list of ndarray, shape (NMC, targets)
        No model can do better than this on average, with endless data; the rest is drawn at random.
    """
    y = np.concatenate([each.graph["NMC"].y.numpy() for each in learn_from])
    mask = np.concatenate([each.graph["NMC"].y_mask.numpy() for each in learn_from])
    both = np.concatenate([each.both_neighbours for each in learn_from])
    means = {
        present: np.array(
            [
                y[(both == present) & mask[:, k], k].mean()
                if ((both == present) & mask[:, k]).any()
                else y[mask[:, k], k].mean()
                for k in range(y.shape[1])
            ]
        )
        for present in (True, False)
    }
    return [np.where(each.both_neighbours[:, None], means[True], means[False]) for each in graphs]
