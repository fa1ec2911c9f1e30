"""The page Reaction (paper Fig. 4): the state of NMC in triple phase boundaries compared with other NMC."""

import pandas as pd
import streamlit as st

from cathograph.analysis.figures.group_boxes import group_data
from cathograph.analysis.statistics.headlines import comparison_headline, slope_headlines
from cathograph.analysis.statistics.inside_particles import slope_tests
from cathograph.dashboard.session.electrode_data import View
from cathograph.dashboard.widgets.channel_type import choose_channel
from cathograph.dashboard.widgets.empty_states import show_no_energy_maps
from cathograph.dashboard.widgets.figures import show_figure
from cathograph.dashboard.widgets.headlines import show_headlines
from cathograph.dashboard.widgets.resampling import offer_resampling
from cathograph.dashboard.widgets.side_by_side import open_view
from cathograph.dashboard.widgets.statistics_tables import show_anova, show_comparisons

_EXPOSURE = "at_tpb"


def page() -> None:
    """Lay out the page."""
    view = open_view(
        "Reaction",
        "Size and state of {actives} in triple phase boundaries (TPBs), compared with {actives} in none.",
    )
    if view is None:
        return
    from cathograph.analysis.figures.group_boxes import draw_group_boxes, plot_group_boxes

    if not view.measured:
        show_no_energy_maps(view.legend)
    compared = pd.concat([view.by_size, view.comparisons], ignore_index=True)
    shown = view.comparisons[view.comparisons["exposure"] == _EXPOSURE]
    if view.measured:
        show_headlines(view, lambda name, units: [comparison_headline(view.rows_of(shown, name), units)])
    nmc = view.nmc
    data = group_data(nmc, compared, _EXPOSURE, view.legend)
    show_figure(
        data,
        lambda: plot_group_boxes(data, compared, _EXPOSURE),
        lambda: draw_group_boxes(nmc, compared, _EXPOSURE, view.legend),
    )
    if not view.measured:
        return
    st.markdown("#### Table S1: tests that treat particles as independent, and tests that account for images")
    show_comparisons(shown, "table-s1-tpb")
    _show_inside(view)
    st.markdown("#### Tables S2 and S3: TPB × channel")
    channel = choose_channel("channel")
    st.caption(
        "Analysis of variance of log(1 + heterogeneity) and log(1 + "
        "polarization), with sums of squares of types II and III."
    )
    show_anova(view.anova(channel), "tables-s2-s3")
    offer_resampling(view, _EXPOSURE)


def _show_inside(view: View) -> None:
    """Lay out whether the reaction starts at the triple line or at a contact."""
    st.markdown("#### Inside particles: does the reaction start at the triple line?")
    tests = {name: slope_tests(tables.profiles) for name, tables in view.parts.items()}
    if all(each.empty for each in tests.values()):
        st.caption("Not computed yet: `cathograph measures --missing --family profiles`.")
        return
    st.caption(
        "Whole particles, images as clusters. A 2D image shows only the junctions and contacts in its plane."
    )
    show_headlines(view, lambda name, _: slope_headlines(tests[name]))
