"""The legend of what a page shows: how its phases look and what texts call them."""

import pandas as pd

from cathograph.analysis.figures.phase_legend import PhaseLegend
from cathograph.dashboard.session import store


def legend_of(images: pd.DataFrame) -> PhaseLegend:
    """Give the legend of the composites of some images, rows of the query ``images``."""
    composites = store.composites()
    return PhaseLegend.of_rows(composites[composites["composite"].isin(images["composite"])])
