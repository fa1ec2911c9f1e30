"""Network metrics against the state: the heat map and the four strongest (paper Figs. 5a, S5-S7).

A star stands where the correlation holds at a false discovery rate of 5 % over all cells once
images are accounted for; an open ring where only the naive test, with particles as units, would
say so.
"""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from cathograph.analysis.figures.figure import (
    STATE_NOTE,
    FigureData,
    label_of,
    name_columns,
    of_selection,
    split_selections,
)
from cathograph.analysis.tables.particle_table import require_columns, without_flagged
from cathograph.analysis.tables.wording import format_d, format_p

SUPPLEMENT = {"soc_ev": "S5", "heterogeneity_ev": "S6", "polarization_ev": "S7"}
"""Which figure of the paper's supplement is about which state."""

SHORT = {"soc_ev": "SOC", "heterogeneity_ev": "hetero-\ngeneity", "polarization_ev": "polari-\nzation"}
"""States as they are written below a column."""

_NOTHING = "Nothing to correlate: no energy map, no metric that varies, or fewer than four particles."
_CAPTION_5A = (
    "Pearson's r of each network metric with each state. ★: below 0.05 with images accounted for, ○: only "
    "with particles as units; both corrected over all cells (Benjamini–Hochberg). Flagged states are left out. "
    + STATE_NOTE
)
_CAPTION_TOP = (
    "The four metrics with the largest |r| of Fig. 5a; line: least squares. Chosen because they are the "
    "largest, so r is too large by selection; the corrected p values know of all metrics. Flagged states are left out. "
    + STATE_NOTE
)


def correlation_data(correlations: pd.DataFrame) -> FigureData:
    """Give the heat map of correlations (Fig. 5a).

    Parameters
    ----------
    correlations : DataFrame
        One row per metric and state (and selection): ``metric``, ``outcome``, ``r``, ``p_family``,
        ``p_clustered_family``.

    Raises
    ------
    InputError
        When a column is missing.
    """
    head = ("fig-5a-correlations", "Fig. 5a", "Network metrics and electrochemical state", _CAPTION_5A)
    if correlations.empty or correlations["r"].isna().all():
        return FigureData(*head, correlations, _NOTHING)
    require_columns(correlations, ("metric", "outcome", "r", "p_family", "p_clustered_family"))
    return FigureData(*head, correlations)


def cells_of(rows: pd.DataFrame) -> dict[tuple[str, str], dict[Hashable, Any]]:
    """Give the correlation of each metric and state."""
    return {(one["metric"], one["outcome"]): one for one in rows.to_dict("records")}


def r_of(one: Mapping[Hashable, Any] | None) -> float:
    """Give Pearson's r of a cell, NaN where there is none."""
    return float("nan") if one is None else float(one["r"])


def write_cell(one: Mapping[Hashable, Any] | None) -> str:
    """Write a cell: r, and whether it holds."""
    if one is None or np.isnan(one["r"]):
        return "–"
    sign = " ★" if one["p_clustered_family"] < 0.05 else " ○" if one["p_family"] < 0.05 else ""
    return f"{format_d(one['r'])}{sign}"


def top_metric_data(nmc: pd.DataFrame, correlations: pd.DataFrame, state: str, *, top: int = 4) -> FigureData:
    """Give a state against the metrics that correlate most with it (Figs. S5-S7).

    Parameters
    ----------
    nmc : DataFrame
        One row per NMC: the metrics and the states; optionally ``selection``.
    correlations : DataFrame
        As for `correlation_data`, with ``p`` and ``p_clustered``.
    state : str
        One of the states.
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
        f"Metrics that go most with {label_of(state).partition(':')[0]}",
        _CAPTION_TOP,
    )
    of_state = correlations[correlations["outcome"] == state] if len(correlations) else correlations
    if of_state.empty or of_state["r"].isna().all():
        return FigureData(*head, pd.DataFrame(), _NOTHING)
    require_columns(nmc, (state, *dict.fromkeys(of_state["metric"])))
    names = name_columns(nmc)
    parts = [
        rows[[*names, state]].assign(metric=one["metric"], value=rows[str(one["metric"])].astype(float))
        for name, rows in split_selections(without_flagged(nmc))
        for one in strongest(correlations, state, name, top=top)
    ]
    return FigureData(*head, pd.concat(parts, ignore_index=True).dropna(subset=[state, "value"]))


def strongest(
    correlations: pd.DataFrame, state: str, selection: str, *, top: int = 4
) -> list[dict[Hashable, Any]]:
    """Give the correlations of a state with the largest |r|, the largest first."""
    lines = of_selection(correlations[correlations["outcome"] == state], selection)
    known = lines[lines["r"].notna()]
    order = known["r"].abs().sort_values(ascending=False, kind="stable").index
    return known.loc[order].head(top).to_dict("records")


def say_correlation(one: Mapping[Hashable, Any], n: int) -> str:
    """Write what stands above a scatter."""
    p = "no p value" if np.isnan(one["p_clustered"]) else format_p(one["p_clustered"])
    return f"r = {format_d(one['r'])}, {format_p(one['p'])}\nclustered: {p}, n = {n}"
