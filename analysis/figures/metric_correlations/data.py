"""Network metrics against the state: the heat map and the strongest correlations (paper Figs. 5a, S5-S7).

A star marks a correlation that is significant at a false discovery rate of 5 % over all cells after accounting for
images. A ring marks one that is significant only in the naive test, which treats particles as independent.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.analysis.figures.figure import (
    STATE_NOTE,
    FigureData,
    edge_columns,
    label_of,
    name_columns,
    of_selection,
    split_selections,
)
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend
from cathograph.analysis.tables.particle_states import as_tested
from cathograph.analysis.tables.particle_table import STATES, require_columns
from cathograph.analysis.tables.wording import format_d, format_p

SUPPLEMENT = {"soc_ev": "S5", "heterogeneity_ev": "S6", "polarization_ev": "S7"}
"""The supplementary figure of the paper for each state."""

SHORT = {"soc_ev": "SOC", "heterogeneity_ev": "hetero-\ngeneity", "polarization_ev": "polari-\nzation"}
"""Short labels of the states, below the columns of the heat map."""

_NOTHING = (
    "No correlations: there is no energy map, no metric varies, or there are fewer than four particles."
)
_CAPTION_5A = (
    "Pearson's r of each network metric with each state. ★: p below 0.05 after accounting for images. ○: p below 0.05 "
    "only if particles are treated as independent. All p values are corrected over all cells (Benjamini–Hochberg). "
    "Flagged states are left out. " + STATE_NOTE
)
_CAPTION_TOP = (
    "The four metrics with the largest |r| in Fig. 5a, with least-squares lines. Because the largest values were "
    "selected, these r are biased upwards; the corrected p values of Fig. 5a account for all metrics. "
    "Flagged states are left out. " + STATE_NOTE
)


def correlation_data(correlations: pd.DataFrame, legend: PhaseLegend = DEFAULT_LEGEND) -> FigureData:
    """Prepare the heat map of correlations (Fig. 5a).

    Parameters
    ----------
    correlations : DataFrame
        One row per metric and state (and selection): ``metric``, ``outcome``, ``r``, ``p_family``,
        ``p_clustered_family``.
    legend : PhaseLegend
        Names and colours of the phases.

    Raises
    ------
    InputError
        When a column is missing.
    """
    head = ("fig-5a-correlations", "Fig. 5a", "Network metrics and electrochemical state", _CAPTION_5A)
    if correlations.empty or correlations["r"].isna().all():
        return FigureData(*head, correlations, _NOTHING, legend)
    require_columns(correlations, ("metric", "outcome", "r", "p_family", "p_clustered_family"))
    return FigureData(*head, correlations, legend=legend)


@dataclass(frozen=True, eq=False)
class CorrelationGrid:
    """The cells of a heat map, metrics as rows and states as columns.

    Attributes
    ----------
    r : ndarray of float64, shape (metrics, states)
        Pearson's r; NaN where there is none.
    texts, details : list of list of str
        Text in each cell, and its explanation.
    """

    r: NDArray[np.float64]
    texts: list[list[str]]
    details: list[list[str]]


def correlation_grid(rows: pd.DataFrame, metrics: Sequence[str], legend: PhaseLegend) -> CorrelationGrid:
    """Arrange the correlations of one selection as a grid of metrics and states."""
    by_cell = {(one["metric"], one["outcome"]): one for one in rows.to_dict("records")}
    cells = [[by_cell.get((metric, state)) for state in STATES] for metric in metrics]
    return CorrelationGrid(
        np.array([[np.nan if one is None else float(one["r"]) for one in row] for row in cells]),
        [[_cell_text(one) for one in row] for row in cells],
        [[_cell_details(one, legend) for one in row] for row in cells],
    )


def _cell_details(one: Mapping[Hashable, Any] | None, legend: PhaseLegend) -> str:
    if one is None or np.isnan(one["r"]):
        return "no correlation"
    p = one["p_clustered_family"]
    clustered = "none" if np.isnan(p) else f"{p:.2g}"
    return (
        f"{label_of(one['metric'], legend)} against {label_of(one['outcome'])}\nr = {one['r']:.3f}\n"
        f"corrected p: {one['p_family']:.2g}; accounting for images: {clustered}"
    )


def _cell_text(one: Mapping[Hashable, Any] | None) -> str:
    if one is None or np.isnan(one["r"]):
        return "–"
    sign = " ★" if one["p_clustered_family"] < 0.05 else " ○" if one["p_family"] < 0.05 else ""
    return f"{format_d(one['r'])}{sign}"


def top_metric_data(
    nmc: pd.DataFrame,
    correlations: pd.DataFrame,
    state: str,
    legend: PhaseLegend = DEFAULT_LEGEND,
    *,
    top: int = 4,
) -> FigureData:
    """Prepare a state against the metrics that correlate most with it (Figs. S5-S7).

    Parameters
    ----------
    nmc : DataFrame
        One row per NMC: the metrics and the states; optionally ``selection``.
    correlations : DataFrame
        As for `correlation_data`, with ``p`` and ``p_clustered``.
    state : str
        One of the states.
    legend : PhaseLegend
        Names and colours of the phases.
    top : int
        How many metrics.

    Returns
    -------
    FigureData
        Its table has one row per particle and metric drawn: ``metric``, ``value`` and the state.

    Raises
    ------
    InputError
        When a column is missing.
    """
    number = SUPPLEMENT[state]
    head = (
        f"fig-{number.lower()}-{state.removesuffix('_ev')}",
        f"Fig. {number}",
        f"Metrics that correlate most with {label_of(state).partition(':')[0]}",
        _CAPTION_TOP,
    )
    of_state = correlations[correlations["outcome"] == state] if len(correlations) else correlations
    if of_state.empty or of_state["r"].isna().all():
        return FigureData(*head, pd.DataFrame(), _NOTHING, legend)
    require_columns(nmc, (state, *dict.fromkeys(of_state["metric"])))
    columns = [*name_columns(nmc), state, *edge_columns(nmc)]
    parts = [
        rows[columns].assign(metric=one["metric"], value=rows[str(one["metric"])].astype(float))
        for name, rows in split_selections(as_tested(nmc))
        for one in strongest(correlations, state, name, top=top)
    ]
    table = pd.concat(parts, ignore_index=True).dropna(subset=[state, "value"])
    return FigureData(*head, table, legend=legend)


def strongest(
    correlations: pd.DataFrame, state: str, selection: str, *, top: int = 4
) -> list[dict[Hashable, Any]]:
    """Select the correlations of a state with the largest |r|, the largest first."""
    lines = of_selection(correlations[correlations["outcome"] == state], selection)
    known = lines[lines["r"].notna()]
    order = known["r"].abs().sort_values(ascending=False, kind="stable").index
    return known.loc[order].head(top).to_dict("records")


def describe_correlation(one: Mapping[Hashable, Any], n: int) -> str:
    """Write the title of a scatter plot."""
    p = "no p value" if np.isnan(one["p_clustered"]) else format_p(one["p_clustered"])
    return f"r = {format_d(one['r'])}, {format_p(one['p'])}\nclustered: {p}, n = {n}"
