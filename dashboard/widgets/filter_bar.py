"""The filter bar of all pages; its fields are part of the page's address, so that a view can be sent to a colleague."""

import pandas as pd
import streamlit as st

from cathograph.analysis.figures.phase_legend import PhaseLegend
from cathograph.dashboard.session.selection import Selection, image_ids, keep_selection


def show_filter_bar(images: pd.DataFrame, legend: PhaseLegend) -> Selection:
    """Lay out the filter bar.

    Parameters
    ----------
    images : DataFrame
        All rows of the query ``images``.
    legend : PhaseLegend
        What their phases are called.
    """
    beamtimes = _choose("Beamtime", "beamtime", known) if (known := _names(images["beamtime"])) else ()
    cathodes = _choose("Cathode kind", "cathode", _names(images["cathode"]))
    fitting = Selection(beamtimes=beamtimes, cathodes=cathodes).choose_images(images)
    samples = _choose("Sample", "sample", _names(fitting["sample"]))
    fitting = Selection(samples=samples).choose_images(fitting)
    chosen = _choose("Image", "image", image_ids(fitting).tolist())
    least_column, largest_column = st.columns(2)
    with least_column:
        least = _size(
            legend.title("{active_phase} from (µm)"),
            "from_um",
            legend.write("Smallest equivalent diameter of the {active_phase} particles."),
        )
    with largest_column:
        largest = _size(
            "to (µm)", "to_um", legend.write("Largest equivalent diameter of the {active_phase} particles.")
        )
    selection = Selection(beamtimes, cathodes, samples, chosen, (least, largest))
    keep_selection(selection)
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
