"""Is it only the size? States against particle size, by exposure (paper Fig. S8).

An exposed particle is on average a larger one. The lines are those of the analysis of covariance
before it assumes equal slopes, one a group; the effect at equal size stands above each panel.
"""

from dataclasses import dataclass

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
    name_columns,
)
from cathograph.analysis.figures.least_squares import line_through
from cathograph.analysis.tables.particle_table import (
    EXPOSURES,
    STATES,
    flags_of,
    numbers_of,
    require_columns,
    without_flagged,
)
from cathograph.analysis.tables.wording import format_d, format_p

_CAPTION = (
    "Circles: exposed, triangles: others; lines: least squares of each group on the logarithm of the size. d "
    "before and after adjusting for size (analysis of covariance), and the p value with images accounted for. "
    "Flagged states are left out. " + STATE_NOTE
)


@dataclass(frozen=True, eq=False)
class SizedGroup:
    """One group of a panel.

    Attributes
    ----------
    name, colour : str
        As it is written and drawn.
    sizes, values : ndarray of float64, shape (n,)
        Both known.
    line : tuple of ndarray, or None
        x and y of both ends of its line; None where sizes do not vary.
    """

    name: str
    colour: str
    sizes: NDArray[np.float64]
    values: NDArray[np.float64]
    line: tuple[NDArray[np.float64], NDArray[np.float64]] | None


def size_data(nmc: pd.DataFrame, adjusted: pd.DataFrame) -> FigureData:
    """Give states against size, exposed particles and others (Fig. S8).

    Parameters
    ----------
    nmc : DataFrame
        One row per NMC: size, states, both exposures; optionally ``selection``.
    adjusted : DataFrame
        One row per exposure and state (and selection): rows of `SizeAdjusted`; its column ``size``
        names the size.

    Raises
    ------
    InputError
        When a column is missing.
    """
    require_columns(adjusted, ("exposure", "outcome", "size", "d", "d_adjusted", "p_adjusted_clustered"))
    size = str(adjusted["size"].iloc[0])
    require_columns(nmc, (size, *STATES, *EXPOSURES))
    table = without_flagged(nmc)[[*name_columns(nmc), size, *EXPOSURES, *STATES]]
    missing = NOT_MEASURED if table[list(STATES)].isna().all(axis=None) else ""
    return FigureData("fig-s8-size", "Fig. S8", "States at equal size", _CAPTION, table, missing)


def split_by_exposure(rows: pd.DataFrame, size: str, state: str, exposure: str) -> list[SizedGroup]:
    """Give exposed particles, then the others; an empty list where no particle has both numbers."""
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


def say_effect(line: pd.DataFrame) -> str:
    """Write what stands above a panel."""
    if line.empty or np.isnan(line.iloc[0]["d_adjusted"]):
        return "no test: too few particles"
    one = line.iloc[0]
    first = f"d = {format_d(one['d'])}, at equal size {format_d(one['d_adjusted'])}"
    if np.isnan(one["p_adjusted_clustered"]):
        return f"{first}\nclustered: no p value"
    return f"{first}\nclustered {format_p(one['p_adjusted_clustered'])}"
