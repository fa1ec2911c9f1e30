"""The page Overview: the content of the store by sample, and the latest ingests."""

from typing import Any

import pandas as pd
import streamlit as st

from cathograph.analysis.figures.phase_legend import PhaseLegend
from cathograph.analysis.tables.overview_counts import count_samples, recount_images
from cathograph.dashboard.session import store
from cathograph.dashboard.session.phases import legend_of
from cathograph.dashboard.session.selection import Selection, current_selection
from cathograph.dashboard.widgets.downloads import table_downloads
from cathograph.dashboard.widgets.empty_states import show_empty_store, show_nothing_left
from cathograph.dashboard.widgets.expander import show_expander
from cathograph.dashboard.widgets.run_history import show_run_history
from cathograph.schema.composites import Role

TABLES = ("images", "measurements", "composites")
"""Queries that this page needs unless a range of sizes is selected; they are read at the start of the server."""

_SAME_FOR_ALL = {
    "sample": st.column_config.TextColumn("sample", pinned=True),
    "physical_tpbs": st.column_config.NumberColumn(
        "physical TPBs", help="TPBs whose three regions meet in at least one place."
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
        _show_counts(_counted(images, selection), legend_of(images))
    st.subheader("Latest ingests")
    show_run_history(selection)


def _counted(images: pd.DataFrame, selection: Selection) -> pd.DataFrame:
    if selection.keeps_all_sizes:
        return images
    return recount_images(images, store.particles(selection), store.tpbs(selection), store.composites())


def _show_counts(images: pd.DataFrame, legend: PhaseLegend) -> None:
    columns, actives = _columns(legend), legend.write("{active_phase}")
    samples = count_samples(images)
    totals = samples.sum(numeric_only=True)
    measured = store.table("measurements")
    measured = measured[measured["in_sight"]].merge(images[["sample", "image"]], on=["sample", "image"])
    shown = (
        ("Samples", len(samples), f"{samples['cathode'].nunique()} cathode kinds"),
        ("Images", len(images), f"{len(measured)} energy maps"),
        ("Particles", totals["particles"], f"{totals['nmc']:,.0f} of them {actives}"),
        ("TPBs", totals["tpbs"], f"{totals['physical_tpbs']:,.0f} physical"),
        *(
            (kind, totals[column], _share(totals, column, actives))
            for kind, column in (
                ("Concurrent channels", "nmc_with_channels"),
                ("Touching channels", "nmc_with_touching_channels"),
            )
        ),
    )
    with st.container(horizontal=True, gap="xsmall"):  # six tiles side by side at 1440 pixels
        for label, value, detail in shown:
            st.metric(
                label,
                f"{value:,.0f}",
                delta=detail,
                delta_color="off",
                delta_arrow="off",
                border=True,
                width=156,
            )
    st.subheader("Samples")
    st.dataframe(samples, hide_index=True, column_config=columns)
    table_downloads(samples, "samples")
    show_expander(f"Images ({len(images)})", lambda: _show_images(images, columns), key="images_open")


def _show_images(images: pd.DataFrame, columns: dict[str, Any]) -> None:
    shown = images.drop(columns=["shape", "slice_index"])
    shown = shown[["sample", "image", *shown.columns.drop(["sample", "image"])]]
    st.dataframe(shown, hide_index=True, column_config=columns)
    table_downloads(shown, "images")


def _share(totals: "pd.Series[float]", column: str, actives: str) -> str:
    share = totals[column] / totals["nmc"] if totals["nmc"] else None
    return f"no {actives}" if share is None else f"{share:.0%} of {actives}"


def _columns(legend: PhaseLegend) -> dict[str, Any]:
    """Name the columns after the phases of the composite, or after the roles where one phase has two of them."""
    words = [legend.write(word) for word in ("{active_phase}", "{ionic}", "{electronic}")]
    if len(set(words)) < len(words):
        words = [role.value for role in (Role.ACTIVE, Role.IONIC, Role.ELECTRONIC)]
    number = st.column_config.NumberColumn
    return {
        **_SAME_FOR_ALL,
        "tpbs": number(
            "TPBs", help=legend.write("Triple phase boundaries: triangles of {triple_phases} in contact.")
        ),
        **{name: number(word) for name, word in zip(("nmc", "sse", "graphite"), words, strict=True)},
        "nmc_with_channels": number(
            legend.write("{actives} with concurrent channels"),
            help=legend.title("{actives} that have {carriers} in common with another {active}."),
        ),
        "nmc_with_touching_channels": number(
            legend.write("{actives} with touching channels"),
            help=legend.title("{actives} that touch another {active} and have {ionic} in common with it."),
        ),
        **{
            column: st.column_config.ProgressColumn(
                legend.write(f"{kind}: share of {{actives}}"),
                help=legend.write(f"Share of {{actives}} with a {kind} channel."),
                format="percent",
                min_value=0,
                max_value=1,
            )
            for column, kind in (
                ("share_with_channels", "concurrent"),
                ("share_with_touching_channels", "touching"),
            )
        },
    }
