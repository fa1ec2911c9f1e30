"""Network metrics against the state: the heat map and the four strongest (paper Figs. 5a, S5-S7).

A cell's colour is Pearson's r. A star stands where the correlation holds at a false discovery rate
of 5 % over all cells once images are accounted for; an open ring where only the naive test, with
particles as units, would say so.
"""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.plate import (
    BLUE,
    SCATTER_AS_PIXELS,
    STATE_NOTE,
    VERMILION,
    Plate,
    add_note,
    label_of,
    make_panels,
    mark_area,
    plain_ticks,
    say_in_figure,
    say_in_panel,
    split_selections,
)
from analysis.particle_table import STATES, numbers_of, require_columns
from analysis.wording import format_d, format_p

_SHORT = {"soc_ev": "SOC", "heterogeneity_ev": "hetero-\ngeneity", "polarization_ev": "polari-\nzation"}
_SUPPLEMENT = {"soc_ev": "S5", "heterogeneity_ev": "S6", "polarization_ev": "S7"}
_CAPTION_5A = (
    "Pearson's r of each network metric with each state. ★: below 0.05 with images accounted for, ○: only "
    "with particles as units; both corrected over all cells (Benjamini–Hochberg). " + STATE_NOTE
)
_CAPTION_TOP = (
    "The four metrics with the largest |r| of Fig. 5a; line: least squares. Chosen because they are the "
    "largest, so r is too large by selection; the corrected p values know of all metrics. " + STATE_NOTE
)


def draw_correlation_map(correlations: pd.DataFrame) -> Plate:
    """Draw the heat map of correlations (Fig. 5a).

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
        missing = "Nothing to correlate: no energy map, no metric that varies, or fewer than four particles."
        return Plate(*head, say_in_figure(missing), correlations, missing)
    require_columns(correlations, ("metric", "outcome", "r", "p_family", "p_clustered_family"))
    metrics = list(dict.fromkeys(correlations["metric"]))
    parts = split_selections(correlations)
    figure, panels = make_panels(1, len(parts), width=4.4, height=0.8 + 0.34 * len(metrics), share_y=True)
    drawn = None
    for axis, (name, rows) in zip(panels[0], parts, strict=True):
        if rows.empty or rows["r"].isna().all():
            say_in_panel(axis, f"{name}: not measured.")
            continue
        cells = {(one["metric"], one["outcome"]): one for one in rows.to_dict("records")}
        r = np.array([[_r_of(cells.get((metric, state))) for state in STATES] for metric in metrics])
        drawn = axis.pcolormesh(
            np.ma.masked_invalid(r), cmap="RdBu_r", vmin=-1, vmax=1, edgecolors="white", linewidth=1
        )
        axis.set_facecolor("#e4e4e4")
        for row, metric in enumerate(metrics):
            for column, state in enumerate(STATES):
                text = _write_cell(cells.get((metric, state)))
                dark = not np.isnan(r[row, column]) and abs(r[row, column]) > 0.6
                axis.text(
                    column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=9,
                    color="white" if dark else "black",
                )  # fmt: skip
        axis.set_xticks(np.arange(len(STATES)) + 0.5, [_SHORT[state] for state in STATES], fontsize=9)
        axis.set_yticks(np.arange(len(metrics)) + 0.5, [label_of(metric) for metric in metrics], fontsize=9)
        axis.tick_params(length=0)
        axis.set_title(name, fontsize=10, parse_math=False)
        axis.set_ylim(len(metrics), 0)
    if drawn is not None:
        figure.colorbar(drawn, ax=panels[0], label="Pearson's r", shrink=0.8)
    add_note(figure, STATE_NOTE)
    return Plate(*head, figure, correlations)


def _r_of(one: dict[Hashable, Any] | None) -> float:
    return float("nan") if one is None else float(one["r"])


def _write_cell(one: dict[Hashable, Any] | None) -> str:
    if one is None or np.isnan(one["r"]):
        return "–"
    sign = " ★" if one["p_clustered_family"] < 0.05 else " ○" if one["p_family"] < 0.05 else ""
    return f"{format_d(one['r'])}{sign}"


def draw_top_metrics(nmc: pd.DataFrame, correlations: pd.DataFrame, state: str, *, top: int = 4) -> Plate:
    """Draw a state against the metrics that correlate most with it (Figs. S5-S7).

    Parameters
    ----------
    nmc : DataFrame
        One row per NMC: the metrics and the states; optionally ``selection``.
    correlations : DataFrame
        As for `draw_correlation_map`, with ``p`` and ``p_clustered``.
    state : str
        One of the states.
    top : int
        How many metrics.

    Raises
    ------
    InputError
        When a column is missing.
    """
    number = _SUPPLEMENT[state]
    head = (
        f"fig-{number.lower()}-{state.removesuffix('_ev')}",
        f"Fig. {number}",
        f"Metrics that go most with {label_of(state).partition(':')[0]}",
        _CAPTION_TOP,
    )
    of_state = correlations[correlations["outcome"] == state] if len(correlations) else correlations
    if of_state.empty or of_state["r"].isna().all():
        missing = "Nothing to correlate: no energy map, no metric that varies, or fewer than four particles."
        return Plate(*head, say_in_figure(missing), pd.DataFrame(), missing)
    metrics = list(dict.fromkeys(of_state["metric"]))
    require_columns(nmc, (state, *metrics))
    names = [name for name in ("selection", "sample", "image", "label") if name in nmc.columns]
    parts = split_selections(nmc)
    figure, panels = make_panels(len(parts), top, width=3.3, height=3.3, share_y=True)
    drawn = []
    for line, (name, rows) in zip(panels, parts, strict=True):
        lines = of_state[of_state["selection"] == name] if "selection" in of_state.columns else of_state
        known = lines[lines["r"].notna()]
        strongest = known.loc[known["r"].abs().sort_values(ascending=False, kind="stable").index][:top]
        for axis, (_, one) in zip(line, strongest.iterrows(), strict=False):
            _scatter(axis, rows, one, state)
            drawn.append(
                rows[[*names, state]].assign(metric=one["metric"], value=rows[one["metric"]].astype(float))
            )
        for place, axis in enumerate(line[len(strongest) :]):
            axis.set_axis_off()
            if place == 0:
                rest = "no further metric that varies" if len(strongest) else "not measured"
                say_in_panel(axis, f"{name}: {rest}." if name else f"{rest.capitalize()}.")
        if len(strongest):
            line[0].set_ylabel(
                f"{name}\n{label_of(state)}" if name else label_of(state), fontsize=9, parse_math=False
            )
    add_note(figure, STATE_NOTE)
    table = pd.concat(drawn, ignore_index=True).dropna(subset=[state, "value"])
    return Plate(*head, figure, table)


def _scatter(axis: Axes, rows: pd.DataFrame, one: "pd.Series", state: str) -> None:
    x, y = numbers_of(rows, one["metric"]), numbers_of(rows, state)
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]
    axis.scatter(
        x, y, s=mark_area(len(x)), c=BLUE, alpha=0.5, linewidths=0, rasterized=len(x) > SCATTER_AS_PIXELS
    )
    slope, level = np.polyfit(x - x.mean(), y, 1)
    ends = np.array([x.min(), x.max()])
    axis.plot(ends, level + slope * (ends - x.mean()), color=VERMILION, linewidth=1.6)
    axis.set_xlabel(label_of(str(one["metric"])), fontsize=9)
    axis.locator_params(axis="x", nbins=5)
    plain_ticks(axis)
    axis.set_title(
        f"r = {format_d(one['r'])}, {format_p(one['p'])}\n"
        f"clustered {format_p(one['p_clustered'])}, n = {len(x)}",
        fontsize=9,
    )
