"""The page Morphology (paper Fig. 3): sizes of TPBs and NMC, and what connects nearest NMC."""

import streamlit as st

from cathograph.analysis.figures.nearest_nmc import nearest_data
from cathograph.analysis.figures.tpb_size import nmc_size_data, tpb_size_data
from cathograph.analysis.statistics.headlines import comparison_headline
from cathograph.dashboard.widgets.figures import show_figure
from cathograph.dashboard.widgets.headlines import show_headlines
from cathograph.dashboard.widgets.side_by_side import open_view
from cathograph.dashboard.widgets.statistics_tables import show_comparisons


def page() -> None:
    """Lay out the page."""
    view = open_view(
        "Morphology",
        "Sizes of triple phase boundaries (TPBs) and {active_phase} particles, and the phases that connect nearest "
        "{actives}.",
        states=False,
    )
    if view is None:
        return
    from cathograph.analysis.figures.nearest_nmc import draw_nearest_connection, plot_nearest_connection
    from cathograph.analysis.figures.tpb_size import (
        draw_nmc_size_by_tpbs,
        draw_tpb_size,
        plot_nmc_size_by_tpbs,
        plot_tpb_size,
    )

    tpbs, nmc, nearest = (
        view.stacked(lambda each: each.tpbs),
        view.nmc,
        view.stacked(lambda each: each.nearest),
    )
    places = [st.container() for _ in range(3)] if view.groups else st.columns(3)
    with places[0]:
        size_of_tpbs = tpb_size_data(tpbs, view.legend)
        show_figure(
            size_of_tpbs, lambda: plot_tpb_size(size_of_tpbs), lambda: draw_tpb_size(tpbs, view.legend)
        )
    with places[1]:
        size_of_nmc = nmc_size_data(nmc, view.legend)
        show_figure(
            size_of_nmc,
            lambda: plot_nmc_size_by_tpbs(size_of_nmc),
            lambda: draw_nmc_size_by_tpbs(nmc, view.legend),
        )
    with places[2]:
        joined = nearest_data(nearest, view.legend)
        show_figure(
            joined,
            lambda: plot_nearest_connection(joined),
            lambda: draw_nearest_connection(nearest, view.legend),
        )
    st.markdown(view.legend.write("#### Are {actives} in TPBs larger?"))
    show_headlines(view, lambda name, units: [comparison_headline(view.rows_of(view.by_size, name), units)])
    show_comparisons(view.by_size, "size-by-tpb")
