"""All network metrics of one image, from its particles and contacts: a column for each declared property.

There are three graphs: the whole one, the ionic one (active and ionic particles, what ions can use) and the
electronic one (active and electronic particles, what electrons can use). A metric is null where it is not
defined (an isolated particle has no eigenvector) or was not computed (`PathLimits`), never a placeholder number.

Definitions, and where networkx and Graph Data Science differ by default: docs/network.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.analysis.network.brandes import path_centralities
from cathograph.analysis.network.contact_graph import ContactGraph, build_contact_graph
from cathograph.analysis.network.percolation import percolate, side_names, touched_sides
from cathograph.analysis.network.spectral import eigenvector_centrality
from cathograph.analysis.network.triangles import local_clustering
from cathograph.schema.composites import SSB_CATHODE, Composite, Role
from cathograph.schema.network_metrics import PARTICLE_METRICS

_COUNTED = {"nmc": Role.ACTIVE, "sse": Role.IONIC, "graphite": Role.ELECTRONIC}
"""Neighbours are counted by role; the columns have the names of the default composite's phases."""


@dataclass(frozen=True)
class PathLimits:
    """Largest graphs whose shortest paths are followed; their time grows with the square of the particles.

    Attributes
    ----------
    unweighted : int
        Particles of an image up to which betweenness and closeness are computed: 20,000 take about 20 s
        on two cores.
    weighted : int
        The same for the weighted ones: 5,000 take about 5 s.
    """

    unweighted: int = 20_000
    weighted: int = 5_000


def measure_network(
    particles: pd.DataFrame,
    contacts: pd.DataFrame,
    shape: tuple[int, ...],
    limits: PathLimits | None = None,
    composite: Composite = SSB_CATHODE,
) -> pd.DataFrame:
    """Compute every network metric of one image, or of a selection of its particles.

    Parameters
    ----------
    particles : DataFrame
        ``label`` (ascending), ``phase``, ``bbox`` (as `cathograph.schema.nodes.PARTICLE`).
    contacts : DataFrame
        ``a``, ``b`` (labels), ``weight_px``; each pair once.
    shape : tuple of int
        Pixels of the image along (y, x) or (z, y, x).
    limits : PathLimits, optional
        Up to which size shortest paths are followed.
    composite : Composite
        What the phases do.

    Returns
    -------
    DataFrame
        ``label``, and a column for each of `cathograph.schema.network_metrics.PARTICLE_METRICS`.

    Raises
    ------
    InputError
        When a contact joins a particle that is not there.

    Examples
    --------
    SSE 1 and graphite 3 both touch NMC 2, and SSE 1 lies at the top of the image:

    >>> import pandas as pd
    >>> metrics = measure_network(
    ...     pd.DataFrame(
    ...         {
    ...             "label": [1, 2, 3],
    ...             "phase": ["SSE", "NMC", "Graphite"],
    ...             "bbox": [[0, 1, 2, 3], [2, 1, 4, 3], [4, 1, 6, 3]],
    ...         }
    ...     ),
    ...     pd.DataFrame({"a": [1, 2], "b": [2, 3], "weight_px": [6.0, 6.0]}),
    ...     shape=(6, 8),
    ... )
    >>> metrics[["label", "degree", "betweenness", "ionic_degree", "ionic_sides"]]
       label  degree  betweenness  ionic_degree ionic_sides
    0      1       1          0.0             1       [top]
    1      2       2          1.0             1       [top]
    2      3       1          0.0          <NA>        None
    """
    limits = limits or PathLimits()
    has = {
        role: particles["phase"]
        .isin([phase.name for phase in composite.with_role(role)])
        .to_numpy(dtype=np.bool_)
        for role in Role
    }
    graph = build_contact_graph(
        particles["label"].to_numpy(dtype=np.int64),
        contacts["a"].to_numpy(dtype=np.int64),
        contacts["b"].to_numpy(dtype=np.int64),
        contacts["weight_px"].to_numpy(dtype=np.float64),
    )
    columns: dict[str, object] = {"label": particles["label"].to_numpy(dtype=np.int64)}
    columns.update(_whole_graph(graph, has, limits))
    for carrier in (Role.IONIC, Role.ELECTRONIC):
        columns.update(_typed_graph(graph, carrier.value, has[carrier] | has[Role.ACTIVE], limits))
    columns.update(_percolation(graph, has, particles["bbox"], shape))
    return pd.DataFrame({name: columns[name] for name in ("label", *(p.name for p in PARTICLE_METRICS))})


def _whole_graph(
    graph: ContactGraph, has: Mapping[Role, NDArray[np.bool_]], limits: PathLimits
) -> dict[str, object]:
    n = graph.n
    source = np.repeat(np.arange(n), graph.degree)
    counted = {
        name: np.bincount(source[has[role][graph.neighbours]], minlength=n) for name, role in _COUNTED.items()
    }
    other = ~np.logical_or.reduce([has[role] for role in _COUNTED.values()])
    betweenness, closeness = _paths(graph, limits.unweighted)
    betweenness_weighted, closeness_weighted = _paths(graph, limits.weighted, weighted=True)
    pairs = (n - 1) * (n - 2) / 2
    return {
        "degree": graph.degree,
        "weighted_degree_px": _weighted_degree(graph),
        **{f"neighbours_{name}": count for name, count in counted.items()},
        "neighbours_other": np.bincount(source[other[graph.neighbours]], minlength=n),
        "clustering": local_clustering(graph),
        "betweenness": betweenness,
        "betweenness_normalised": betweenness / pairs if pairs > 0 else betweenness,
        "closeness": closeness,
        "eigenvector": eigenvector_centrality(graph),
        "betweenness_weighted": betweenness_weighted,
        "closeness_weighted": closeness_weighted,
        "eigenvector_weighted": eigenvector_centrality(graph, weighted=True),
    }


def _typed_graph(
    graph: ContactGraph, prefix: str, kept: NDArray[np.bool_], limits: PathLimits
) -> dict[str, object]:
    part = graph.keep(kept)
    betweenness, closeness = _paths(part, limits.unweighted)
    values = {
        "weighted_degree_px": _weighted_degree(part),
        "clustering": local_clustering(part),
        "betweenness": betweenness,
        "closeness": closeness,
        "eigenvector": eigenvector_centrality(part),
    }
    degree = pd.array([pd.NA] * graph.n, dtype="Int64")
    degree[kept] = part.degree
    columns: dict[str, object] = {f"{prefix}_degree": degree}
    for name, value in values.items():
        column = np.full(graph.n, np.nan)
        column[kept] = value
        columns[f"{prefix}_{name}"] = column
    return columns


def _percolation(
    graph: ContactGraph, has: Mapping[Role, NDArray[np.bool_]], bbox: "pd.Series[Any]", shape: tuple[int, ...]
) -> dict[str, object]:
    boxes = np.array(bbox.tolist(), dtype=np.int64).reshape(graph.n, 2 * len(shape))
    at_side = touched_sides(boxes, shape)
    active = has[Role.ACTIVE]
    columns: dict[str, object] = {}
    cuts_off = np.full(graph.n, None, dtype=object)
    for role in (Role.IONIC, Role.ELECTRONIC):
        carrier = has[role]
        found = percolate(graph, carrier, active, at_side)
        sides = np.full(graph.n, None, dtype=object)
        for place in np.flatnonzero(carrier | active):
            sides[place] = side_names(found.reaches[place])
        for place in np.flatnonzero(carrier):
            cuts_off[place] = found.cut_off[place].tolist()
        columns[f"{role.value}_sides"] = sides
    return {**columns, "cuts_off": cuts_off}


def _paths(
    graph: ContactGraph, largest: int, *, weighted: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if graph.n > largest:
        return np.full(graph.n, np.nan), np.full(graph.n, np.nan)
    found = path_centralities(graph, weighted=weighted)
    return found.betweenness, found.closeness


def _weighted_degree(graph: ContactGraph) -> NDArray[np.float64]:
    source = np.repeat(np.arange(graph.n), graph.degree)
    return np.bincount(source, weights=graph.weight_px, minlength=graph.n).astype(np.float64)
