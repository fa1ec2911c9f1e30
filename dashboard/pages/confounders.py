"""The page Confounders (paper Fig. S8): whether particle size explains an effect."""

from cathograph.analysis.figures.size_confounder import size_data
from cathograph.analysis.statistics.headlines import reach_headline, size_headline
from cathograph.dashboard.widgets.empty_states import show_no_energy_maps
from cathograph.dashboard.widgets.figures import show_figure
from cathograph.dashboard.widgets.headlines import show_headlines
from cathograph.dashboard.widgets.side_by_side import open_view
from cathograph.dashboard.widgets.statistics_tables import show_size_adjusted


def page() -> None:
    """Lay out the page."""
    view = open_view(
        "Confounders",
        "Large particles have more contacts of every kind. Does an effect remain between particles of equal size?",
    )
    if view is None:
        return
    if not view.measured:
        show_no_energy_maps(view.legend)
        return
    from cathograph.analysis.figures.size_confounder import draw_size_confounder, plot_size_confounder

    nmc, adjusted = view.nmc, view.size_adjusted
    comparisons = view.comparisons
    show_headlines(
        view,
        lambda name, units: [
            size_headline(view.rows_of(comparisons, name), view.rows_of(adjusted, name), units),
            reach_headline(view.rows_of(comparisons, name), units),
        ],
    )
    data = size_data(nmc, adjusted, view.legend)
    show_figure(
        data,
        lambda: plot_size_confounder(data, adjusted),
        lambda: draw_size_confounder(nmc, adjusted, view.legend),
    )
    show_size_adjusted(adjusted, "size-adjusted")
