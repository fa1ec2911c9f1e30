"""The pixels of one image, read by a function that the process of the pages provides.

The store has no pixels. They are read again from the files, which needs the ingest, and the dashboard does not import
the ingest. So the front door registers a function (`read_with`); without it the graph is shown alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cathograph.dashboard.session import store
from cathograph.queries.server.connection import Connection
from cathograph.schema.errors import CathographError

_KEPT = 8


@dataclass(frozen=True, eq=False)
class ImagePixels:
    """The pixels of one image.

    Attributes
    ----------
    labels : ndarray of int, shape (y, x) or (z, y, x)
        Its regions.
    phases : ndarray of uint8, same shape
        Code of the phase of each pixel.
    grey : ndarray or None
        X-ray image, same shape.
    energy_ev : ndarray of float or None
        Edge energies on the pixels of the image, same shape; NaN where they are missing.
    map_energy_ev, map_labels : ndarray or None
        The energy map on its own pixels, and the label of each.
    window_ev : tuple of float or None
        Energies outside are dropped.
    missing : tuple of str
        What is missing, and why.
    """

    labels: NDArray[np.integer]
    phases: NDArray[np.uint8]
    grey: NDArray[np.generic] | None = None
    energy_ev: NDArray[np.floating] | None = None
    map_energy_ev: NDArray[np.floating] | None = None
    map_labels: NDArray[np.integer] | None = None
    window_ev: tuple[float, float] | None = None
    missing: tuple[str, ...] = ()


Read = Callable[[Connection, str, str, str | None], ImagePixels]
"""Reads the pixels of an image of a sample, with the energy map of an absorption edge.

It raises `CathographError` if they cannot be read.
"""

_READERS: list[Read] = []


def read_with(read: Read) -> None:
    """Register the function that reads pixels."""
    _READERS[:] = [read]


def pixels_of(sample: str, image: str, edge: str | None = None) -> ImagePixels | str:
    """Give the pixels of an image, with its energy map of an absorption edge, or why there are none."""
    if not _READERS:
        return "Found no function that reads pixels; expected the one of `cathograph dashboard`. Start it that way."
    found = _read(store.connection(), sample, image, edge, store.version())
    return found if isinstance(found, ImagePixels) else found.reason


@dataclass(frozen=True)
class _Failed:
    reason: str


@st.cache_resource(max_entries=_KEPT, ttl="10m", show_spinner="Reading the image …")
def _read(
    _connection: Connection, sample: str, image: str, edge: str | None, version: str
) -> ImagePixels | _Failed:
    # A failure is kept too, for ten minutes; the page has a button to try again.
    try:
        return _READERS[0](_connection, sample, image, edge)
    except CathographError as error:
        return _Failed(str(error))


def look_again() -> None:
    """Forget all pixels and failures, so that files are read again."""
    _read.clear()
