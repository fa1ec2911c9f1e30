"""The page Overview: the content of the store by sample, and the latest ingests."""

import pandas as pd
import streamlit as st

from cathograph.analysis.tables.overview_counts import count_samples, recount_images
from cathograph.dashboard.session import store
from cathograph.dashboard.session.selection import Selection, current_selection
from cathograph.dashboard.widgets.downloads import table_downloads
from cathograph.dashboard.widgets.empty_states import show_empty_store, show_nothing_left
from cathograph.dashboard.widgets.expander import show_expander
from cathograph.dashboard.widgets.run_history import show_run_history

TABLES = ("images", "measurements")
"""Queries that this page needs unless a range of sizes is selected; they are read at the start of the server."""

_COLUMNS = {
    "sample": st.column_config.TextColumn("sample", pinned=True),
    "physical_tpbs": st.column_config.NumberColumn(
        "physical TPBs", help="TPBs whose three regions meet in at least one place."
    ),
    "tpbs": st.column_config.NumberColumn(
        "TPBs", help="Triple phase boundaries: triangles of NMC, SSE and graphite in contact."
    ),
    "nmc": st.column_config.NumberColumn("NMC"),
    "sse": st.column_config.NumberColumn("SSE"),
    "nmc_with_channels": st.column_config.NumberColumn(
        "NMC with channels", help="NMC that have an SSE and a graphite neighbour in common with another NMC."
    ),
    "share_with_channels": st.column_config.ProgressColumn(
        "share of NMC",
        help="Share of NMC with a concurrent channel.",
        format="percent",
        min_value=0,
        max_value=1,
    ),
    "pixel_size_um": st.column_config.NumberColumn("pixel (µm)", format="%.4g"),
}


def page() -> None:
    """Lay out the page."""
    st.title("Overview")
    selection = current_selection()
    images = store.images(selection)
    if images.empty:
        if store.images().empty:
            show_empty_store()
        else:
            show_nothing_left()
    else:
        _show_counts(_counted(images, selection))
    st.subheader("Latest ingests")
    show_run_history(selection)


def _counted(images: pd.DataFrame, selection: Selection) -> pd.DataFrame:
    if selection.keeps_all_sizes:
        return images
    return recount_images(images, store.particles(selection), store.tpbs(selection))


def _show_counts(images: pd.DataFrame) -> None:
    samples = count_samples(images)
    totals = samples.sum(numeric_only=True)
    measured = store.table("measurements")
    measured = measured[measured["in_sight"]].merge(images[["sample", "image"]], on=["sample", "image"])
    shown = (
        ("Samples", len(samples), f"{samples['cathode'].nunique()} cathode kinds"),
        ("Images", len(images), f"{len(measured)} energy maps"),
        ("Particles", totals["particles"], f"{totals['nmc']:,.0f} of them NMC"),
        ("TPBs", totals["tpbs"], f"{totals['physical_tpbs']:,.0f} physical"),
        ("NMC with channels", totals["nmc_with_channels"], _share(totals)),
    )
    with st.container(horizontal=True):
        for label, value, detail in shown:
            st.metric(
                label,
                f"{value:,.0f}",
                delta=detail,
                delta_color="off",
                delta_arrow="off",
                border=True,
                width=168,
            )
    st.subheader("Samples")
    st.dataframe(samples, hide_index=True, column_config=_COLUMNS)
    table_downloads(samples, "samples")
    show_expander(f"Images ({len(images)})", lambda: _show_images(images), key="images_open")


def _show_images(images: pd.DataFrame) -> None:
    shown = images.drop(columns=["shape", "slice_index"])
    shown = shown[["sample", "image", *shown.columns.drop(["sample", "image"])]]
    st.dataframe(shown, hide_index=True, column_config=_COLUMNS)
    table_downloads(shown, "images")


def _share(totals: "pd.Series[float]") -> str:
    return f"{totals['nmc_with_channels'] / totals['nmc']:.0%} of NMC" if totals["nmc"] else "no NMC"
