"""The filter that all pages share: what a group looks at, kept in the address of the page.

Each of its widgets is bound to a parameter of the address, so a view can be sent to a colleague. Samples,
images and the like narrow all tables; the range of sizes is one of NMC particles: a row about an NMC outside
of it goes, other phases stay (one body of electrolyte may hold nearly all of its phase).
"""

from collections.abc import Callable
from dataclasses import dataclass

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
    "nearest": ("nmc",),
    "neighbour_counts": ("label",),
    "particles": ("label",),
    "predictions": ("label",),
    "states": ("label",),
    "tpbs": ("nmc",),
    "tpbs_per_nmc": ("nmc",),
}
"""Columns of the named queries that may hold the label of an NMC."""


@dataclass(frozen=True)
class Selection:
    """What is looked at; an empty tuple or None leaves nothing out.

    Attributes
    ----------
    beamtimes, cathodes, samples : tuple of str
        Identifiers.
    images : tuple of str
        As `image_id` writes them.
    diameter_um : tuple of float or None
        Least and largest equivalent diameter of an NMC particle, both included.
    """

    beamtimes: tuple[str, ...] = ()
    cathodes: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    diameter_um: tuple[float | None, float | None] = (None, None)

    @property
    def keeps_all(self) -> bool:
        """Whether nothing is left out."""
        return self == Selection()

    @property
    def keeps_all_sizes(self) -> bool:
        """Whether no NMC is left out for its size."""
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
        self, name: str, table: pd.DataFrame, images: pd.DataFrame, particles: Callable[[], pd.DataFrame]
    ) -> pd.DataFrame:
        """Narrow the table of a named query.

        Parameters
        ----------
        name : str
            The query.
        table, images : DataFrame
            All of its rows; the query ``images``.
        particles : callable
            Gives the query ``particles``; called where sizes matter.
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
            outside = self._outside(particles())
            for column in _NMC_COLUMNS[name]:
                kept &= ~_triples(table, column).isin(outside)
        return table[kept]

    def _outside(self, particles: pd.DataFrame) -> pd.MultiIndex:
        """Name the NMC that the range of sizes leaves out."""
        least, largest = self.diameter_um
        diameter = particles["equivalent_diameter_um"]
        fits = pd.Series(True, index=particles.index)
        if least is not None:
            fits &= diameter >= least
        if largest is not None:
            fits &= diameter <= largest
        return pd.MultiIndex.from_frame(
            particles.loc[(particles["phase"] == "NMC") & ~fits, ["sample", "image", "label"]]
        )


def image_id(sample: str, image: str) -> str:
    """Write an image's name, unique in the store: images of two samples may have one name.

    Examples
    --------
    >>> image_id("a/b", "01")
    'a%2Fb/01'
    """
    return "/".join(name.replace("%", "%25").replace("/", "%2F") for name in (sample, image))


def image_ids(images: pd.DataFrame) -> pd.Series:
    """Write the names of all images of a table with the columns sample and image."""
    return pd.Series(
        [
            image_id(str(sample), str(image))
            for sample, image in zip(images["sample"], images["image"], strict=True)
        ],
        index=images.index,
        dtype="str",
    )


def current_selection() -> Selection:
    """Give what the filter bar says in this run."""
    found = st.session_state.get(_STATE)
    return found if isinstance(found, Selection) else Selection()


def show_filter_bar(images: pd.DataFrame) -> Selection:
    """Lay out the filter bar where this is called.

    Parameters
    ----------
    images : DataFrame
        The query ``images``, unnarrowed.
    """
    beamtimes = _choose("Beamtime", "beamtime", known) if (known := _names(images["beamtime"])) else ()
    cathodes = _choose("Cathode kind", "cathode", _names(images["cathode"]))
    fitting = Selection(beamtimes=beamtimes, cathodes=cathodes).choose_images(images)
    samples = _choose("Sample", "sample", _names(fitting["sample"]))
    fitting = Selection(samples=samples).choose_images(fitting)
    chosen = _choose("Image", "image", image_ids(fitting).tolist())
    least_column, largest_column = st.columns(2)
    with least_column:
        least = _size("NMC from (µm)", "from_um", "Least equivalent diameter of an NMC particle.")
    with largest_column:
        largest = _size("to (µm)", "to_um", "Largest equivalent diameter of an NMC particle.")
    selection = Selection(beamtimes, cathodes, samples, chosen, (least, largest))
    st.session_state[_STATE] = selection
    return selection


def _choose(label: str, key: str, options: list[str]) -> tuple[str, ...]:
    return tuple(
        st.multiselect(
            label,
            options,
            key=key,
            bind="query-params",
            placeholder="all" if options else "none known",
            disabled=not options,
        )
    )


def _size(label: str, key: str, meaning: str) -> float | None:
    value = st.number_input(
        label,
        min_value=0.0,
        value=None,
        step=0.5,
        key=key,
        bind="query-params",
        help=meaning,
        placeholder="any",
    )
    return None if value is None else float(value)


def _names(column: pd.Series) -> list[str]:
    return sorted(str(name) for name in column.dropna().unique())


def _pairs(table: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(table[["sample", "image"]])


def _triples(table: pd.DataFrame, label: str) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(table[["sample", "image", label]], names=["sample", "image", "label"])
