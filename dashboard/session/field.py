"""One field of view: the tables of its graph, its pixels as a picture, and the properties of its particles.

Tables are read image by image, because the page shows one image at a time.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from cathograph.analysis.figures.field import NO_CHANNELS, FieldTables, has_many_rings
from cathograph.analysis.figures.field.raster import (
    as_address,
    burn_outlines,
    burn_rings,
    colour_energies,
    colour_grey,
    colour_phases,
    colour_values,
    shown_step,
)
from cathograph.analysis.figures.hover_points import HoverPoints, hover_points
from cathograph.analysis.figures.phase_legend import PhaseLegend
from cathograph.dashboard.session import store
from cathograph.dashboard.session.image_pixels import ImagePixels
from cathograph.queries.catalog import load
from cathograph.queries.reading.content import store_version
from cathograph.queries.reading.runner import run
from cathograph.queries.server.connection import Connection

MOST_CHANNEL_PAIRS = 100_000
"""Above this number (volumes with hubs) the pairs are not read; the counts are properties of the particles."""

_KEPT = 12
_CLOSE_BY = 150
"""A click next to a particle selects it, up to a distance of the longer side of the image divided by this."""


@dataclass(frozen=True, eq=False)
class Field:
    """The tables of one image.

    Attributes
    ----------
    about : Series
        Its row of the query ``images``.
    graph : FieldTables
        Particles, contacts, junctions, channels.
    details : DataFrame
        One row per particle, index ``label``, with all properties.
    legend : PhaseLegend
        How the phases of its composite look.
    measures : tuple of str
        Columns of `details` that are computed apart from the segmentation.
    """

    about: pd.Series
    graph: FieldTables
    details: pd.DataFrame
    legend: PhaseLegend
    measures: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Pixels along (y, x) or (z, y, x)."""
        return tuple(int(size) for size in self.about["shape"])

    @property
    def pixel_size_um(self) -> float:
        """Edge of a pixel."""
        return float(self.about["pixel_size_um"])

    def neighbours_of(self, label: int) -> pd.DataFrame:
        """List the neighbours of a particle, the largest contact first."""
        contacts = self.graph.contacts
        first = contacts[contacts["a"] == label].rename(columns={"b": "neighbour", "phase_b": "phase"})
        second = contacts[contacts["b"] == label].rename(columns={"a": "neighbour", "phase_a": "phase"})
        columns = ["phase", "neighbour", "weight_px", "interface_um", "interface_um2", "gap_px"]
        both = pd.concat([first[columns], second[columns]], ignore_index=True)
        both = both.sort_values(["weight_px", "neighbour"], ascending=[False, True], ignore_index=True)
        return both.dropna(axis="columns", how="all")


def field_of(about: pd.Series, edge: str | None = None) -> Field:
    """Read the tables of an image from its row of the query ``images``, with its states of one absorption edge."""
    place = str(about["sample"]), str(about["image"])
    return _read_field(store.connection(), *place, edge, store.version(), about)


def read_ahead() -> None:
    """Read the image that the page opens with, before there are visitors.

    A database server that has just started takes seconds to plan the queries about an image, once for all images.

    Raises
    ------
    CannotConnect, DatabaseError
        When the database does not answer.
    """
    tables = store.read_ahead(["images", "measurements"])
    images, edges = tables["images"], store.edges_in_sight(tables["measurements"])
    if not images.empty:
        connection, first = store.connection(), images.iloc[0]
        edge = edges[0] if len(edges) > 1 else None  # as the filter bar chooses
        place = str(first["sample"]), str(first["image"])
        _read_field(connection, *place, edge, store_version(connection), first)


@st.cache_resource(max_entries=_KEPT, show_spinner="Reading the graph …")
def _read_field(
    _connection: Connection, sample: str, image: str, edge: str | None, version: str, _about: pd.Series
) -> Field:
    def ask(name: str) -> pd.DataFrame:
        query = load(name)
        of_edge = {"edge": edge} if name == "states" else {}
        return run(_connection, query, query.bind({"sample": sample, "image": image, **of_edge}))

    names = [
        "particles",
        "contacts",
        "junctions",
        "centralities",
        "states",
        "tpbs_per_nmc",
        "composites",
        "measures",
        "touching_channels",
    ]
    if int(_about["channel_pairs"]) <= MOST_CHANNEL_PAIRS:
        names.append("concurrent_channels")
    # In parallel: the server answers some while this process converts the rows of others.
    with ThreadPoolExecutor(len(names)) as pool:
        found = dict(zip(names, pool.map(ask, names), strict=True))
    particles = found["particles"]
    graph = FieldTables(
        particles,
        found["contacts"],
        found["junctions"],
        found.get("concurrent_channels", NO_CHANNELS),
        found["touching_channels"],
    )
    counts = found["tpbs_per_nmc"].rename(columns={"nmc": "label"})
    details = particles.set_index("label")
    for table in (found["states"], counts, found["centralities"]):
        new = [name for name in table.columns if name not in details.columns and name != "label"]
        details = details.join(table.set_index("label")[new])
    measures = found["measures"].pivot_table(index="label", columns="measure", values="value", dropna=False)
    details = details.join(measures)
    return Field(_about, graph, details, PhaseLegend.of_rows(found["composites"]), tuple(measures.columns))


@dataclass(frozen=True, eq=False)
class Plane:
    """The pixels that are shown: a whole 2D image, or one slice of a volume.

    Attributes
    ----------
    labels, phases : ndarray of int, shape (y, x)
    grey, energy_ev : ndarray, shape (y, x), or None
    window_ev : tuple of float or None
        As in `ImagePixels`.
    """

    labels: NDArray[np.integer]
    phases: NDArray[np.uint8]
    grey: NDArray[np.generic] | None
    energy_ev: NDArray[np.floating] | None
    window_ev: tuple[float, float] | None


def plane_of(pictures: ImagePixels, z: int | None) -> Plane:
    """Select the slice `z` of a volume; None for a 2D image."""
    cut = slice(None) if z is None else z
    grey, energy_ev = pictures.grey, pictures.energy_ev
    return Plane(
        pictures.labels[cut],
        pictures.phases[cut],
        None if grey is None else grey[cut],
        None if energy_ev is None else energy_ev[cut],
        pictures.window_ev,
    )


@st.cache_resource(max_entries=4 * _KEPT, show_spinner=False)
def raster_of(
    key: tuple[object, ...],
    base: str,
    outlines: bool,
    rings: bool,
    _plane: Plane,
    _junctions: pd.DataFrame,
    _legend: PhaseLegend,
    _values: "pd.Series[float] | None" = None,
) -> str:
    """Make the picture of a plane as a data URL; `key` identifies the plane. `rings` matters only if there are many.

    `base` is ``grey``, ``phases``, ``energy``, or the name of a measure with its `_values` by label.
    """
    step = shown_step(_plane.labels.shape)
    if base == "grey" and _plane.grey is not None:
        picture = colour_grey(_plane.grey, step)
    elif base == "energy" and _plane.energy_ev is not None and _plane.window_ev is not None:
        picture = colour_energies(_plane.energy_ev, _plane.window_ev, step)
    elif _values is not None:
        picture = colour_values(_plane.labels, _values, step)
    else:
        picture = colour_phases(_plane.phases, step, _legend)
    if outlines:
        picture = burn_outlines(picture, _plane.labels, _plane.phases, step, _legend)
    if rings and has_many_rings(_junctions):
        y, x = (_junctions[axis].to_numpy(dtype=np.float64) for axis in "yx")
        height, width = _plane.labels.shape
        picture = burn_rings(picture, y, x, (height, width), _legend)
    return as_address(picture)


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def points_of(key: tuple[object, ...], _particles: pd.DataFrame, _plane: Plane | None) -> HoverPoints:
    """Place the points with tooltips; `key` identifies the plane."""
    return hover_points(_particles, None if _plane is None else _plane.labels)


def particle_at(field: Field, plane: Plane | None, x_um: float, y_um: float) -> int | None:
    """Find the particle at a position, or else the nearest one within a short distance.

    Parameters
    ----------
    field : Field
        The image.
    plane : Plane or None
        Its pixels; without them the particle with the nearest centroid is taken.
    x_um, y_um : float
        Position from the upper left corner of the image.
    """
    x, y = x_um / field.pixel_size_um, y_um / field.pixel_size_um
    if plane is None:
        centroids = field.graph.particles[["centroid_y", "centroid_x"]].to_numpy(dtype=np.float64) + 0.5
        nearest = int(np.argmin(np.hypot(centroids[:, 0] - y, centroids[:, 1] - x)))
        return int(field.graph.particles["label"].iloc[nearest])
    reach = max(plane.labels.shape) // _CLOSE_BY
    top, left = max(int(y) - reach, 0), max(int(x) - reach, 0)
    # Negative ends would count from the opposite side of the array.
    bottom, right = max(int(y) + reach + 1, 0), max(int(x) + reach + 1, 0)
    near = plane.labels[top:bottom, left:right]
    rows, columns = np.nonzero(near)
    if not len(rows):
        return None
    nearest = int(np.argmin(np.hypot(rows + top + 0.5 - y, columns + left + 0.5 - x)))
    return int(near[rows[nearest], columns[nearest]])
