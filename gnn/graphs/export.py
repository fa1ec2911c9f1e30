"""Images of the store as PyTorch Geometric data, and as a file that needs nothing but PyTorch Geometric to be read."""

import contextlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch_geometric.data import HeteroData

from cathograph.gnn.graphs.hetero_data import build_hetero_data
from cathograph.gnn.graphs.node_features import DEFAULT_FEATURES, Missing, check_features
from cathograph.gnn.graphs.subgraph_selection import (
    ChosenImage,
    SubgraphSelection,
    choose,
    only_composite,
    only_dimension,
)
from cathograph.queries.reading.graph_columns import ImageColumns, read_columns
from cathograph.queries.server.connection import Connection
from cathograph.schema.errors import InputError


def export_hetero_data(
    connection: Connection,
    selection: SubgraphSelection | None = None,
    features: Sequence[str] | None = None,
    *,
    missing: Missing | str = Missing.ERROR,
) -> list[HeteroData]:
    """Read images of the store as graphs, one `HeteroData` an image.

    Parameters
    ----------
    connection : Connection
        The store; nothing is written.
    selection : SubgraphSelection, optional
        Which images and particles; default all.
    features : sequence of str, optional
        Columns of ``x``, from `cathograph.gnn.graphs.node_features.FEATURES`; default
        `cathograph.gnn.graphs.node_features.DEFAULT_FEATURES`.
    missing : Missing or str, optional
        What to do where a feature has no value: ``error``, ``drop`` or ``mark``.

    Returns
    -------
    list of HeteroData
        By sample and image. Each has every phase of the images' composite as a node type, in the order of their
        codes, with ``x`` (n, f) float64, ``pos`` (n, 2 or 3) float64 in pixels, ``label`` (n,) int64, ``key`` (list of
        str) and ``selected`` (n,) bool, false for what only surrounds the particles asked for. Active phases have
        ``y`` (n, 3) float64 in eV with ``y_mask`` (n, 3) bool, false (and 0 in ``y``) where there is no
        value or the state is flagged (unless the selection is ``with_flagged``), and ``flagged`` (n,) bool.

        Each has every edge type (phase, "contact", phase) with ``edge_index`` (2, m) int64 and ``edge_attr``
        (m, 5) float64, `cathograph.gnn.graphs.hetero_data.edge_feature_names`; both directions of every contact.

        Of the graph: ``image``, ``sample``, ``volume``, ``beamtime``, ``cathode``, ``segmentation``, ``measurement``,
        ``absorption_edge`` of the targets (empty where not known), ``composite`` (its name), ``composite_definition``
        (JSON), ``pixel_size_um``, ``feature_names``, ``edge_feature_names``, ``target_names``, ``with_flagged``, and
        ``dropped``, the number of particles left out for `missing`.

    Raises
    ------
    QueryError
        When nothing is selected or a key is unknown.
    ParameterError
        When a feature is unknown or has no value, or images in 2D and 3D or of several composites
        are selected together.
    DatabaseError
        When the server fails.

    Examples
    --------
    >>> with cathograph.connect() as store:  # doctest: +SKIP
    ...     graphs = export_hetero_data(store, SubgraphSelection(cathode="LCD"), ["area_um2", "convexity"])
    """
    names = None if features is None else check_features(features)
    selection = selection or SubgraphSelection()
    chosen = choose(connection, selection)
    only_composite(chosen)
    ndim = only_dimension(chosen)
    names = DEFAULT_FEATURES[ndim] if names is None else names
    with_flagged = selection.with_flagged
    columns = read_columns(connection, [each.image for each in chosen], names, with_flagged=with_flagged)
    graphs = [
        build_hetero_data(_narrowed(found, each), names, missing=Missing(missing), selected=each.selected)
        for found, each in zip(columns, chosen, strict=True)
    ]
    for graph in graphs:
        graph.with_flagged = with_flagged
    return graphs


def save_hetero_data(graphs: Sequence[HeteroData], path: Path) -> None:
    """Write graphs so that PyTorch Geometric alone reads them, all or nothing.

    Parameters
    ----------
    graphs : sequence of HeteroData
        From `export_hetero_data`.
    path : Path
        File; one of that name is replaced once the new one is complete.

    Raises
    ------
    InputError
        When it cannot be written.

    Notes
    -----
    A list of plain dictionaries, because ``torch.load(…, weights_only=True)``, the safe way to load, refuses
    pickled objects of other packages: ``[HeteroData.from_dict(d) for d in torch.load(path, weights_only=True)]``.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise _not_writable(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            torch.save([graph.to_dict() for graph in graphs], file)
        os.chmod(name, 0o666 & ~_umask())  # noqa: PTH101  mkstemp makes files that nobody else may read
        os.replace(name, path)  # noqa: PTH105
    except (OSError, RuntimeError) as error:
        raise _not_writable(path, error) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)  # noqa: PTH108


def _narrowed(columns: ImageColumns, chosen: ChosenImage) -> ImageColumns:
    if chosen.labels is None:
        return columns
    kept = np.isin(columns.particles.label, chosen.labels)
    return columns._replace(particles=columns.particles.keep(kept))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _not_writable(path: Path, error: Exception) -> InputError:
    return InputError(
        f"Found {path} not writable ({error}); expected a folder with room. Choose another --out. A file of that "
        "name is as it was."
    )
