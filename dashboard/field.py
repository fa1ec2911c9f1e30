"""One field of view: the tables of its graph, its pixels as a raster, and what is known of one particle.

Read from the database image by image, not for the whole store: a page shows one at a time.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from analysis.interactive.click_points import ClickPoints, click_points
from analysis.interactive.field_raster import (
    as_address,
    burn_outlines,
    colour_energies,
    colour_grey,
    colour_phases,
    shown_step,
)
from analysis.interactive.field_view import FieldTables
from dashboard import store
from dashboard.pictures import Pictures
from queries.catalog import load
from queries.connection import Connection
from queries.runner import run

MOST_CHANNEL_PAIRS = 100_000
"""Above this, in volumes with hubs, pairs are not read: the counts of each particle are in its properties."""

_KEPT = 12


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
        One row per particle, index ``label``: all that is known of each.
    """

    about: pd.Series
    graph: FieldTables
    details: pd.DataFrame

    @property
    def shape(self) -> tuple[int, ...]:
        """Pixels along (y, x) or (z, y, x)."""
        return tuple(int(size) for size in self.about["shape"])

    @property
    def pixel_size_um(self) -> float:
        """Edge of a pixel."""
        return float(self.about["pixel_size_um"])

    def neighbours_of(self, label: int) -> pd.DataFrame:
        """One row per particle that a particle touches, the largest contact first."""
        contacts = self.graph.contacts
        first = contacts[contacts["a"] == label].rename(columns={"b": "neighbour", "phase_b": "phase"})
        second = contacts[contacts["b"] == label].rename(columns={"a": "neighbour", "phase_a": "phase"})
        columns = ["phase", "neighbour", "weight_px", "interface_um", "interface_um2", "gap_px"]
        both = pd.concat([first[columns], second[columns]], ignore_index=True)
        both = both.sort_values(["weight_px", "neighbour"], ascending=[False, True], ignore_index=True)
        return both.dropna(axis="columns", how="all")


def field_of(about: pd.Series) -> Field:
    """Read the tables of an image from its row of the query ``images``."""
    return _read_field(store.connection(), str(about["sample"]), str(about["image"]), store.version(), about)


@st.cache_resource(max_entries=_KEPT, show_spinner="Reading the graph …")
def _read_field(_connection: Connection, sample: str, image: str, version: str, _about: pd.Series) -> Field:
    def ask(name: str) -> pd.DataFrame:
        query = load(name)
        return run(_connection, query, query.bind({"sample": sample, "image": image}))

    particles = ask("particles")
    few = int(_about["channel_pairs"]) <= MOST_CHANNEL_PAIRS
    channels = ask("concurrent_channels") if few else pd.DataFrame({"nmc_a": [], "nmc_b": []}, dtype="int64")
    graph = FieldTables(particles, ask("contacts"), ask("junctions"), channels)
    metrics, states = ask("centralities"), ask("states")
    counts = ask("tpbs_per_nmc").rename(columns={"nmc": "label"})
    details = particles.set_index("label")
    for table in (states, counts, metrics):
        new = [name for name in table.columns if name not in details.columns and name != "label"]
        details = details.join(table.set_index("label")[new])
    return Field(_about, graph, details)


@dataclass(frozen=True, eq=False)
class Plane:
    """What of an image's pixels is shown: all of it, or one slice of a volume.

    Attributes
    ----------
    labels, phases : ndarray of int, shape (y, x)
    grey, energy_ev : ndarray, shape (y, x), or None
    window_ev : tuple of float or None
        As in `Pictures`.
    """

    labels: NDArray[np.integer]
    phases: NDArray[np.uint8]
    grey: NDArray[np.generic] | None
    energy_ev: NDArray[np.floating] | None
    window_ev: tuple[float, float] | None


def plane_of(pictures: Pictures, z: int | None) -> Plane:
    """Cut a plane out of the pixels; None for an image that is one."""
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
def raster_of(key: tuple[object, ...], base: str, outlines: bool, _plane: Plane) -> str:
    """Make the raster of a plane as an address; `key` names the plane."""
    step = shown_step(_plane.labels.shape)
    if base == "grey" and _plane.grey is not None:
        picture = colour_grey(_plane.grey, step)
    elif base == "energy" and _plane.energy_ev is not None and _plane.window_ev is not None:
        picture = colour_energies(_plane.energy_ev, _plane.window_ev, step)
    else:
        picture = colour_phases(_plane.phases, step)
    return as_address(burn_outlines(picture, _plane.labels, _plane.phases, step) if outlines else picture)


@st.cache_resource(max_entries=_KEPT, show_spinner=False)
def points_of(key: tuple[object, ...], _particles: pd.DataFrame, _plane: Plane | None) -> ClickPoints:
    """Lay the points that take clicks; `key` names the plane."""
    return click_points(_particles, None if _plane is None else _plane.labels)
