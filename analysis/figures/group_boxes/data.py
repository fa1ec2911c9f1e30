"""States of exposed particles compared with the others (paper Figs. 4d-g, 5c-e).

Below each box are n, mean and median. Above each panel are the effect size and two p values: the paper's, which
treats particles as independent, and one that accounts for images. The p values are read from the table of
comparisons, never computed here, so that figure and table cannot differ.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.analysis.figures.box_numbers import BoxNumbers, box_numbers
from cathograph.analysis.figures.figure import (
    BLUE,
    GROUPS,
    NOT_MEASURED,
    STATE_NOTE,
    VERMILION,
    FigureData,
    edge_columns,
    name_columns,
)
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend
from cathograph.analysis.tables.particle_states import as_tested
from cathograph.analysis.tables.particle_table import flags_of, numbers_of, require_columns
from cathograph.analysis.tables.wording import format_d, format_p

_HEADS = {
    "at_tpb": ("fig-4d-g-tpb", "Fig. 4d–g", "{actives} in triple phase boundaries and other {actives}"),
    "has_concurrent_channel": (
        "fig-5c-e-channel",
        "Fig. 5c–e",
        "{actives} with and without concurrent channels",
    ),
    "has_touching_channel": ("fig-touching-channel", "Ours", "{actives} with and without touching channels"),
}
_CAPTION = (
    "Boxes show quartiles and median, whiskers reach 1.5 interquartile ranges, diamonds are means, and dots are "
    "particles (not drawn above 2,000). d is Cohen's d: the difference of the means, exposed minus others, divided by "
    "the pooled standard deviation. p is from Welch's t-test. The clustered values account for particles that share "
    "an image or a volume. Flagged states are left out. " + STATE_NOTE
)


@dataclass(frozen=True, eq=False)
class GroupValues:
    """One group of a panel.

    Attributes
    ----------
    name, colour : str
        Its name and its colour in the figure.
    points : ndarray of float64, shape (n,)
        Without NaN.
    numbers : BoxNumbers
        Of these values.
    """

    name: str
    colour: str
    points: NDArray[np.float64]
    numbers: BoxNumbers


def group_data(
    nmc: pd.DataFrame, comparisons: pd.DataFrame, exposure: str, legend: PhaseLegend = DEFAULT_LEGEND
) -> FigureData:
    """Prepare the states (and the size) of NMC by exposure (Figs. 4d-g, 5c-e).

    Parameters
    ----------
    nmc : DataFrame
        One row per NMC: the exposure (bool), the outcomes (null where there is none);
        optionally ``selection``.
    comparisons : DataFrame
        One row per outcome (and selection): rows of `GroupComparison`. Each row of this exposure gives a panel.
    exposure : {"at_tpb", "has_concurrent_channel", "has_touching_channel"}
        Column that makes the groups.
    legend : PhaseLegend
        Names and colours of the phases.

    Raises
    ------
    InputError
        When a column is missing.
    """
    outcomes = outcomes_of(comparisons, exposure)
    require_columns(nmc, (exposure, *outcomes))
    table = as_tested(nmc)[[*name_columns(nmc), exposure, *outcomes, *edge_columns(nmc)]]
    missing = legend.write(NOT_MEASURED) if table[outcomes].isna().all(axis=None) else ""
    name, paper, title = _HEADS[exposure]
    return FigureData(name, paper, legend.title(title), _CAPTION, table, missing, legend)


def outcomes_of(comparisons: pd.DataFrame, exposure: str) -> list[str]:
    """List the outcomes of an exposure, one per panel, in the order of the comparisons.

    Raises
    ------
    InputError
        When a column is missing.
    """
    require_columns(comparisons, ("outcome", "exposure", "d", "p", "d_clustered", "p_clustered"))
    return list(dict.fromkeys(comparisons.loc[comparisons["exposure"] == exposure, "outcome"]))


def split_groups(rows: pd.DataFrame, outcome: str, exposure: str) -> list[GroupValues]:
    """Split particles into the exposed ones and the others, in this order."""
    values, flags = numbers_of(rows, outcome), flags_of(rows, exposure)
    parts = [values[(flags == side) & ~np.isnan(values)] for side in (True, False)]
    return [
        GroupValues(name, colour, part, box_numbers(part))
        for name, colour, part in zip(GROUPS[exposure], (VERMILION, BLUE), parts, strict=True)
    ]


def name_group(group: GroupValues, outcome: str) -> str:
    """Write the label below a box."""
    if not group.numbers.n:
        return f"{group.name}\nn = 0"
    digits = 2 if outcome == "soc_ev" else 3
    mean, median = (f"{each:.{digits}f}" for each in (group.numbers.mean, group.numbers.median))
    return f"{group.name}\nn = {group.numbers.n}\nmean {mean}\nmedian {median}"


def describe_effect(comparison: pd.DataFrame) -> str:
    """Write the title of a panel: both tests, from one row of comparisons."""
    if comparison.empty:
        return "not tested"
    one = comparison.iloc[0]
    if np.isnan(one["p"]):
        return "no test: too few particles"
    first = f"d = {format_d(one['d'])}, {format_p(one['p'])}"
    if np.isnan(one["d_clustered"]):
        return f"{first}\nclustered: not possible"
    p = "no p value" if np.isnan(one["p_clustered"]) else format_p(one["p_clustered"])
    return f"{first}\nclustered: d = {format_d(one['d_clustered'])}, {p}"
