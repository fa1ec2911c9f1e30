"""Functions for notebooks: query the store, and compute the graph of an array without a store."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.extras import require
from cathograph.ingest.options import IngestOptions, StateMethod
from cathograph.schema.composites import Composite, Phase, read_composite
from cathograph.schema.errors import InputError, PhaseMapError

if TYPE_CHECKING:
    from cathograph.queries.server.connection import Connection

_INGEST, _STATE = IngestOptions(), StateMethod()
"""The defaults of the command line are those of a notebook."""


@dataclass(frozen=True, eq=False)
class GraphTables:
    """The particle graph of one label image as tables.

    Attributes
    ----------
    particles : DataFrame
        One row per region; columns of `cathograph.schema.nodes.PARTICLE`.
    contacts : DataFrame
        One row per pair of regions in contact, labels ``a`` < ``b``.
    tpbs : DataFrame
        One row per triangle NMC–SSE–graphite.
    channels : DataFrame
        One row per pair of NMC with a concurrent channel (none above the hub limit).
    local_channels : DataFrame
        One row per pair of NMC with a local channel.
    nearest : DataFrame
        One row per NMC that is not alone in its image.
    """

    particles: pd.DataFrame
    contacts: pd.DataFrame
    tpbs: pd.DataFrame
    channels: pd.DataFrame
    local_channels: pd.DataFrame
    nearest: pd.DataFrame


def query(store: "Connection", name: str, *, timeout_s: float = 300.0, **parameters: object) -> pd.DataFrame:
    """Run a named query.

    Parameters
    ----------
    store : Connection
        From `cathograph.connect`.
    name : str
        One of ``cathograph queries``.
    timeout_s : float
        Time limit of the query in seconds.
    **parameters
        The query's parameters, for instance ``sample="s100"``.

    Returns
    -------
    DataFrame
        The columns that the query declares.

    Raises
    ------
    UnknownQuery, ParameterError, QueryTimeout
        When there is no such query, a parameter is wrong, or the query takes too long.
    """
    from cathograph.queries.catalog import load
    from cathograph.queries.reading.runner import run

    question = load(name)
    return run(store, question, question.bind(parameters), timeout_s=timeout_s)


def analyse_labels(
    labels: NDArray[np.integer],
    phases: Mapping[int, str],
    *,
    pixel_size_um: float,
    radius_px: int = _INGEST.radius_px,
    local_channel_path_um: float | None = None,
    composite: str = "ssb-cathode",
) -> GraphTables:
    """Compute the particle graph of a label image, without any database.

    Parameters
    ----------
    labels : ndarray of int, shape (y, x) or (z, y, x)
        Label image, 0 is background; so are masked pixels of a masked array.
    phases : Mapping
        Phase of each label.
    pixel_size_um : float
        Edge of a pixel in µm.
    radius_px : int
        Contact radius (Chebyshev), 3 in the paper.
    local_channel_path_um : float, optional
        Longest path of a local channel; None leaves them out.
    composite : str
        A built-in composite, or the path of a YAML file: what the phases are and do.

    Returns
    -------
    GraphTables

    Raises
    ------
    MissingExtra
        When the extra ``ingest`` is not installed.
    InputError
        When labels and phases do not match.

    Examples
    --------
    Three regions, each one pixel apart from the others:

    >>> import numpy as np
    >>> labels = np.zeros((8, 8), dtype=int)
    >>> labels[:4, :4], labels[:4, 5:], labels[5:, :] = 1, 2, 3
    >>> graph = analyse_labels(labels, {1: "NMC", 2: "SSE", 3: "Graphite"}, pixel_size_um=0.05)
    >>> graph.contacts[["a", "b", "gap_px"]].values.tolist()
    [[1, 2, 2], [1, 3, 2], [2, 3, 2]]
    >>> graph.tpbs[["nmc", "sse", "graphite", "junctions", "is_physical"]].values.tolist()
    [[1, 2, 3, 1, True]]
    """
    require("ingest", what="analyse_labels")
    from cathograph.ingest import rows
    from cathograph.ingest.graph.particle_graph import build_graph
    from cathograph.ingest.regions.labelling import regions_from_labels

    if isinstance(pixel_size_um, bool) or not isinstance(pixel_size_um, int | float | np.number):
        msg = f"Found pixel_size_um {pixel_size_um!r}; expected a number above 0. Give the edge of a pixel in µm."
        raise InputError(msg)
    options = IngestOptions(
        pixel_size_nm=float(pixel_size_um) * 1000,
        radius_px=radius_px,
        local_channel_path_um=local_channel_path_um,
    )
    chosen = read_composite(composite)
    graph = build_graph(
        regions_from_labels(_labels_of(labels), _phase_table(phases, chosen), chosen),
        pixel_size_um=float(pixel_size_um),
        radius_px=options.radius_px,
        local_channel_path_um=options.local_channel_path_um,
    )
    return GraphTables(
        particles=rows.particle_rows(graph),
        contacts=rows.contact_rows(graph),
        tpbs=rows.tpb_rows(graph),
        channels=rows.channel_rows(graph),
        local_channels=rows.local_channel_rows(graph),
        nearest=rows.nearest_rows(graph),
    )


def analyse_energies(
    labels: NDArray[np.integer],
    phases: Mapping[int, str],
    energy_ev: NDArray[np.floating],
    *,
    edge: str = _STATE.edge,
    window_ev: tuple[float, float] | None = None,
    reference_ev: float | None = None,
    min_pixels: int = _STATE.min_pixels,
    composite: str = "ssb-cathode",
    standard_error_ev: NDArray[np.floating] | None = None,
) -> pd.DataFrame:
    """Compute the electrochemical state of every active particle (NMC) of a label image, without any database.

    Parameters
    ----------
    labels : ndarray of int, shape (y, x) or (z, y, x)
        Label image, 0 is background.
    phases : Mapping
        Phase of each label.
    energy_ev : ndarray of float32 or float64, shape of `labels`
        Edge energy per pixel in eV, NaN (or masked) where it is missing.
    edge : str
        Absorption edge of the energies, as in ``Co K``.
    window_ev : (float, float), optional
        Energies outside are dropped; the window of the edge when not given.
    reference_ev : float, optional
        Energy in eV that separates peaks above from peaks below; that of the edge when not given.
    min_pixels : int
        With fewer valid pixels a particle has no values.
    composite : str
        A built-in composite, or the path of a YAML file: what the phases are and do.
    standard_error_ev : ndarray of float32 or float64, shape of `labels`, optional
        Standard error of each energy in eV, NaN where it is not known. With it the heterogeneity without the noise of
        the fit is given as well.

    Returns
    -------
    DataFrame
        One row per NMC: ``label`` and the properties of `cathograph.schema.relationships.STATE`. Fill values and
        pinned fits are found and left out as in `cathograph ingest-map`. Energies are relative
        edge shifts, not lithium contents.

    Raises
    ------
    InputError
        When arrays or phases do not match, a number is invalid, or no energy lies in the window.

    Examples
    --------
    >>> import numpy as np
    >>> states = analyse_energies(np.ones((1, 4), int), {1: "NMC"}, np.array([[8342.0, 8343.0, 8344.0, 9000.0]]),
    ...                           min_pixels=2)
    >>> states[["label", "soc_ev", "n_valid", "dropped_fraction"]].values.tolist()
    [[1.0, 8343.0, 3.0, 0.25]]
    """
    from cathograph.ingest.regions.labelling import regions_from_labels
    from cathograph.ingest.states.electrochemistry import measure_states
    from cathograph.ingest.states.energy_map import find_values_in_window
    from cathograph.ingest.states.energy_resolution import read_resolution

    given: dict[str, Any] = {"window_ev": window_ev, "reference_ev": reference_ev}
    calibration = {name: value for name, value in given.items() if value is not None}
    method = StateMethod(edge=edge, min_pixels=min_pixels, **calibration)
    chosen = read_composite(composite)
    energies = energy_ev.filled(np.nan) if isinstance(energy_ev, np.ma.MaskedArray) else np.asarray(energy_ev)
    found = read_resolution(energies, method)
    clean = found.clean(energies)
    find_values_in_window(clean, method)
    regions = regions_from_labels(_labels_of(labels), _phase_table(phases, chosen), chosen)
    return measure_states(
        regions, clean, method, standard_error_ev=standard_error_ev, coarse_steps=found.is_coarse(method)
    ).table


def _labels_of(labels: object) -> NDArray[np.generic]:
    """Return labels as a plain array; masked pixels are background."""
    if isinstance(labels, np.ma.MaskedArray):
        labels = labels.filled(0)
    return np.asarray(labels)


def _phase_table(phases: object, composite: Composite) -> dict[int, Phase]:
    """Return the phase of each label, refusing what is no table of whole labels."""
    if isinstance(phases, pd.DataFrame) or not isinstance(phases, Mapping | pd.Series):
        msg = f"Found phases as {type(phases).__name__}; expected a mapping of label to phase. Write {{1: 'NMC', …}}."
        raise InputError(msg)
    table: dict[int, Phase] = {}
    for label, phase in phases.items():
        text = str(label)
        whole = isinstance(label, int | np.integer) and not isinstance(label, bool | np.bool_)
        whole |= isinstance(label, str) and text.isdecimal()
        if not whole or int(text) in table:
            found = "twice" if whole else "as a label"
            msg = f"Found {label!r} {found} among the phases; expected whole numbers, each once. Correct the labels."
            raise PhaseMapError(msg)
        table[int(text)] = composite.phase(str(phase))
    return table
