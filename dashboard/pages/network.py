"""The page Network (paper Figs. 5, S5 to S7): channels and network metrics against the state."""

import streamlit as st

from cathograph.analysis.figures.figure import label_of
from cathograph.analysis.figures.group_boxes import group_data
from cathograph.analysis.figures.metric_correlations import SUPPLEMENT, correlation_data, top_metric_data
from cathograph.analysis.statistics.headlines import comparison_headline, correlation_headline
from cathograph.analysis.tables.electrode_tables import METRICS
from cathograph.analysis.tables.particle_table import STATES
from cathograph.dashboard.session.electrode_data import View
from cathograph.dashboard.widgets.channel_type import choose_channel
from cathograph.dashboard.widgets.downloads import table_downloads
from cathograph.dashboard.widgets.empty_states import show_no_energy_maps, show_no_metrics
from cathograph.dashboard.widgets.expander import show_expander
from cathograph.dashboard.widgets.figures import show_figure
from cathograph.dashboard.widgets.headlines import show_headlines
from cathograph.dashboard.widgets.resampling import offer_resampling
from cathograph.dashboard.widgets.side_by_side import open_view
from cathograph.dashboard.widgets.statistics_tables import show_comparisons, show_correlations

_FILES = {"has_concurrent_channel": "table-s1-channel", "has_touching_channel": "table-s1-touching-channel"}
"""Names of the table of comparisons, by type of channel."""


def page() -> None:
    """Lay out the page."""
    view = open_view(
        "Network",
        "The state of {actives} against their channels and their position in the contact graph.",
    )
    if view is None:
        return
    without = int(view.together.nmc["degree"].isna().sum())
    if without:
        show_no_metrics()
    if not view.measured:
        show_no_energy_maps(view.legend)
        _show_percolation(view)
        return
    _show_channels(view)
    # Correlations take longest (seconds for tens of thousands of NMC), so they are computed last.
    correlations = st.container()
    _show_percolation(view)
    if without < len(view.together.nmc):
        with correlations:
            _show_correlations(view)


def _show_channels(view: View) -> None:
    from cathograph.analysis.figures.group_boxes import draw_group_boxes, plot_group_boxes

    exposure = choose_channel("channel")
    nmc, comparisons = view.nmc, view.comparisons
    shown = comparisons[comparisons["exposure"] == exposure]
    show_headlines(view, lambda name, units: [comparison_headline(view.rows_of(shown, name), units)])
    data = group_data(nmc, comparisons, exposure, view.legend)
    show_figure(
        data,
        lambda: plot_group_boxes(data, comparisons, exposure),
        lambda: draw_group_boxes(nmc, comparisons, exposure, view.legend),
    )
    show_comparisons(shown, _FILES[exposure])
    offer_resampling(view, exposure)


def _show_correlations(view: View) -> None:
    from cathograph.analysis.figures.metric_correlations import (
        draw_correlation_map,
        draw_top_metrics,
        plot_correlation_map,
        plot_top_metrics,
    )

    nmc, correlations = view.nmc, view.correlations
    data = correlation_data(correlations, view.legend)
    show_figure(
        data, lambda: plot_correlation_map(data), lambda: draw_correlation_map(correlations, view.legend)
    )
    if data.missing:
        return
    show_headlines(view, lambda name, units: [correlation_headline(view.rows_of(correlations, name), units)])
    state = st.segmented_control(
        "State",
        STATES,
        default=STATES[0],
        format_func=lambda each: f"{label_of(each).partition(':')[0]} (Fig. {SUPPLEMENT[each]})",
        key="state",
        bind="query-params",
        required=True,
    )
    top = top_metric_data(nmc, correlations, state, view.legend)
    show_figure(
        top,
        lambda: plot_top_metrics(top, correlations, state),
        lambda: draw_top_metrics(nmc, correlations, state, view.legend),
    )
    show_expander(
        f"All {len(METRICS) * len(STATES)} correlations, naive and clustered",
        lambda: show_correlations(correlations, "correlations"),
        key="correlations_open",
    )


def _show_percolation(view: View) -> None:
    st.markdown("#### Percolation")
    st.caption(
        view.legend.title(
            "{actives} connected through {ionic} to the {ion_side} of the image and through {electronic} to the "
            "{electron_side}, over all images of these samples."
        )
    )
    table = view.stacked(lambda tables: tables.percolation)
    st.dataframe(table, hide_index=True)
    table_downloads(table, "percolation")
