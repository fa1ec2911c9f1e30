"""The current selection: which samples, images and sizes of particles the pages show.

A selection of samples or images narrows all tables. A range of sizes applies to active particles only: rows about an
active particle outside the range are left out, and other phases are kept, because one body of electrolyte may hold
nearly all of its phase.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

_STATE = "selection"

_NMC_COLUMNS = {
    "centralities": ("label",),
    "channel_flags": ("nmc",),
    "concurrent_channels": ("nmc_a", "nmc_b"),
    "contacts": ("a", "b"),
    "graph_particles": ("label",),
    "junctions": ("nmc",),
    "local_channels": ("nmc_a", "nmc_b"),
    "measures": ("label",),
    "profiles": ("label",),
    "nearest": ("nmc",),
    "neighbour_counts": ("label",),
    "particles": ("label",),
    "predictions": ("label",),
    "states": ("label",),
    "touching_channels": ("nmc_a", "nmc_b"),
    "tpbs": ("nmc",),
    "tpbs_per_nmc": ("nmc",),
    "transport": ("label",),
}
"""Columns of the named queries that can hold the label of an active particle."""


@dataclass(frozen=True)
class Selection:
    """What the pages show; an empty tuple or None keeps everything.

    Attributes
    ----------
    beamtimes, cathodes, samples : tuple of str
        Identifiers.
    images : tuple of str
        As `image_id` writes them.
    diameter_um : tuple of float or None
        Smallest and largest equivalent diameter of an active particle, both included.
    edge : str or None
        Absorption edge whose states are shown; None if at most one was measured. It removes no row.
    """

    beamtimes: tuple[str, ...] = ()
    cathodes: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    diameter_um: tuple[float | None, float | None] = (None, None)
    edge: str | None = None

    @property
    def keeps_all(self) -> bool:
        """Whether everything is kept."""
        return replace(self, edge=None) == Selection()

    @property
    def keeps_all_sizes(self) -> bool:
        """Whether active particles of all sizes are kept."""
        return self.diameter_um == (None, None)

    def choose_images(self, images: pd.DataFrame) -> pd.DataFrame:
        """Narrow the table of the query ``images``."""
        kept = pd.Series(True, index=images.index)
        for column, wanted in (
            ("beamtime", self.beamtimes),
            ("cathode", self.cathodes),
            ("sample", self.samples),
        ):
            if wanted:
                kept &= images[column].isin(wanted)
        if self.images:
            kept &= image_ids(images).isin(self.images)
        return images[kept]

    def narrow(
        self, name: str, table: pd.DataFrame, images: pd.DataFrame, active: Callable[[], pd.DataFrame]
    ) -> pd.DataFrame:
        """Narrow the table of a named query.

        Parameters
        ----------
        name : str
            The query.
        table, images : DataFrame
            All of its rows; the query ``images``.
        active : callable
            Gives the query ``states``, which has all active particles; only called for a range of sizes.
        """
        kept = pd.Series(True, index=table.index)
        chosen = self.choose_images(images)
        if len(chosen) < len(images):
            if "image" in table:
                kept &= _pairs(table).isin(_pairs(chosen))
            elif "sample" in table:
                kept &= table["sample"].isin(chosen["sample"])
            elif "cathode" in table:
                kept &= table["cathode"].isin(chosen["cathode"])
        if not self.keeps_all_sizes and name in _NMC_COLUMNS:
            outside = self._outside(active())
            for column in _NMC_COLUMNS[name]:
                kept &= ~_triples(table, column).isin(outside)
        return table[kept]

    def _outside(self, active: pd.DataFrame) -> pd.MultiIndex:
        """List the active particles outside the range of sizes."""
        least, largest = self.diameter_um
        diameter = active["equivalent_diameter_um"]
        fits = pd.Series(True, index=active.index)
        if least is not None:
            fits &= diameter >= least
        if largest is not None:
            fits &= diameter <= largest
        return pd.MultiIndex.from_frame(active.loc[~fits, ["sample", "image", "label"]])


def image_id(sample: str, image: str) -> str:
    """Write a name of an image that is unique in the store: sample and image, because names are unique per sample only.

    Examples
    --------
    >>> image_id("a/b", "01")
    'a%2Fb/01'
    """
    return "/".join(name.replace("%", "%25").replace("/", "%2F") for name in (sample, image))


def image_ids(images: pd.DataFrame) -> pd.Series:
    """Write the unique names of the images of a table with the columns ``sample`` and ``image``."""
    return pd.Series(
        [
            image_id(str(sample), str(image))
            for sample, image in zip(images["sample"], images["image"], strict=True)
        ],
        index=images.index,
        dtype="str",
    )


def current_selection() -> Selection:
    """Give the selection of the filter bar in this run of the page."""
    found = st.session_state.get(_STATE)
    return found if isinstance(found, Selection) else Selection()


def keep_selection(selection: Selection) -> None:
    """Make a selection the current one of this session."""
    st.session_state[_STATE] = selection


def _pairs(table: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(table[["sample", "image"]])


def _triples(table: pd.DataFrame, label: str) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(table[["sample", "image", label]], names=["sample", "image", "label"])
