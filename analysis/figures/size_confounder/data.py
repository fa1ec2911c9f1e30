"""States against particle size, by exposure (paper Fig. S8).

Exposed particles are larger on average, so size alone could explain an effect. The lines are fitted to each group
separately, as in the analysis of covariance before it assumes equal slopes. The title of each panel gives the effect
at equal size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.analysis.figures.figure import (
    BLUE,
    GROUPS,
    NOT_MEASURED,
    STATE_NOTE,
    VERMILION,
    FigureData,
    edge_columns,
    name_columns,
    of_selection,
)
from cathograph.analysis.figures.least_squares import line_through
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend
from cathograph.analysis.tables.particle_states import as_tested
from cathograph.analysis.tables.particle_table import EXPOSURES, STATES, flags_of, numbers_of, require_columns
from cathograph.analysis.tables.wording import format_d, format_p

_CAPTION = (
    "Circles are exposed particles, triangles are the others. Lines are least-squares fits of each group on the "
    "logarithm of the size. The titles give d before and after adjusting for size (analysis of covariance), and the p "
    "value that accounts for images. Flagged states are left out. " + STATE_NOTE
)


Panel = TypeVar("Panel")


@dataclass(frozen=True, eq=False)
class SizedGroup:
    """One group of a panel.

    Attributes
    ----------
    name, colour : str
        Its name and its colour in the figure.
    sizes, values : ndarray of float64, shape (n,)
        Of particles with both values.
    line : tuple of ndarray, or None
        x and y of both ends of its line; None if all sizes are equal.
    """

    name: str
    colour: str
    sizes: NDArray[np.float64]
    values: NDArray[np.float64]
    line: tuple[NDArray[np.float64], NDArray[np.float64]] | None


def panels_by_selection(rows: Sequence[Sequence[Panel]], place: int) -> list[list[Panel]]:
    """Give the panels in one column of the figure by selection: each has a row of panels per exposure."""
    column = [row[place] for row in rows]
    return [column[first : first + len(EXPOSURES)] for first in range(0, len(column), len(EXPOSURES))]


def size_data(nmc: pd.DataFrame, adjusted: pd.DataFrame, legend: PhaseLegend = DEFAULT_LEGEND) -> FigureData:
    """Prepare states against size, by exposure (Fig. S8).

    Parameters
    ----------
    nmc : DataFrame
        One row per NMC: size, states, both exposures; optionally ``selection``.
    adjusted : DataFrame
        One row per exposure and state (and selection): rows of `SizeAdjusted`; its column ``size``
        names the size.
    legend : PhaseLegend
        Names and colours of the phases.

    Raises
    ------
    InputError
        When a column is missing.
    """
    require_columns(adjusted, ("exposure", "outcome", "size", "d", "d_adjusted", "p_adjusted_clustered"))
    size = str(adjusted["size"].iloc[0])
    require_columns(nmc, (size, *STATES, *EXPOSURES))
    table = as_tested(nmc)[[*name_columns(nmc), size, *EXPOSURES, *STATES, *edge_columns(nmc)]]
    missing = legend.write(NOT_MEASURED) if table[list(STATES)].isna().all(axis=None) else ""
    return FigureData("fig-s8-size", "Fig. S8", "States at equal size", _CAPTION, table, missing, legend)


def split_by_exposure(rows: pd.DataFrame, size: str, state: str, exposure: str) -> list[SizedGroup]:
    """Split particles into the exposed ones and the others; an empty list if no particle has size and state."""
    sizes, values, flags = numbers_of(rows, size), numbers_of(rows, state), flags_of(rows, exposure)
    known = ~(np.isnan(sizes) | np.isnan(values))
    if not known.any():
        return []
    groups = []
    for side, name, colour in zip((True, False), GROUPS[exposure], (VERMILION, BLUE), strict=True):
        x, y = sizes[known & (flags == side)], values[known & (flags == side)]
        line = None
        if len(x) > 2 and np.ptp(x) > 0:
            logs, ends = line_through(np.log(x), y)
            line = (np.exp(logs), ends)
        groups.append(SizedGroup(name, colour, x, y, line))
    return groups


def describe_effect(adjusted: pd.DataFrame, selection: str, exposure: str, state: str) -> str:
    """Write the title of a panel: the effect in a selection before and after adjusting for size."""
    tests = of_selection(adjusted, selection)
    found = tests[(tests["exposure"] == exposure) & (tests["outcome"] == state)]
    if found.empty or np.isnan(found.iloc[0]["d_adjusted"]):
        return "no test: too few particles"
    one = found.iloc[0]
    first = f"d = {format_d(one['d'])}, at equal size {format_d(one['d_adjusted'])}"
    if np.isnan(one["p_adjusted_clustered"]):
        return f"{first}\nclustered: no p value"
    return f"{first}\nclustered {format_p(one['p_adjusted_clustered'])}"
