"""States of exposed particles beside the others (paper Figs. 4d-g, 5c-e).

Under each box stand n, mean and median; above each panel the effect size and both p values: the
paper's, with particles as units, and the one that accounts for images. The numbers are read from
the table of comparisons, never computed here, so figure and table cannot differ.
"""

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
    spread,
)
from analysis.particle_table import STATES, flags_of, numbers_of, require_columns
from analysis.wording import format_d, format_p

_GROUPS = {
    "at_tpb": ("in a TPB", "in none"),
    "has_concurrent_channel": ("with channel", "without"),
}
_HEADS = {
    "at_tpb": ("fig-4d-g-tpb", "Fig. 4d–g", "NMC in triple phase boundaries beside the others"),
    "has_concurrent_channel": (
        "fig-5c-e-channel",
        "Fig. 5c–e",
        "NMC with concurrent channels beside the others",
    ),
}
_CAPTION = (
    "Boxes: quartiles and median, whiskers to 1.5 interquartile ranges, diamond: mean, dots: particles "
    "(left out above 2,000). d: Cohen's d, exposed minus others over the pooled standard deviation; p: Welch; "
    "clustered: the same with images (or volumes) accounted for. " + STATE_NOTE
)


def draw_group_boxes(nmc: pd.DataFrame, comparisons: pd.DataFrame, exposure: str) -> Plate:
    """Draw boxplots of the states (and the size) by an exposure (Figs. 4d-g, 5c-e).

    Parameters
    ----------
    nmc : DataFrame
        One row per NMC: the exposure (bool), the outcomes (null where there is none);
        optionally ``selection``.
    comparisons : DataFrame
        One row per outcome (and selection) of this exposure: rows of `GroupComparison`. Its
        outcomes are the panels.
    exposure : {"at_tpb", "has_concurrent_channel"}
        Column that makes the groups.

    Raises
    ------
    InputError
        When a column is missing.
    """
    require_columns(comparisons, ("outcome", "exposure", "d", "p", "d_clustered", "p_clustered"))
    lines = comparisons[comparisons["exposure"] == exposure]
    outcomes = list(dict.fromkeys(lines["outcome"]))
    require_columns(nmc, (exposure, *outcomes))
    names = [name for name in ("selection", "sample", "image", "label") if name in nmc.columns]
    table = nmc[[*names, exposure, *outcomes]]
    head = (*_HEADS[exposure], _CAPTION)
    if table[outcomes].isna().all(axis=None):
        missing = "Not measured here: these images have no energy map, or no NMC particle."
        return Plate(*head, say_in_figure(missing), table, missing)
    parts = split_selections(table)
    figure, panels = make_panels(len(parts), len(outcomes), width=3.5, height=4.0, share_y="col")
    for line, (name, rows) in zip(panels, parts, strict=True):
        of_selection = lines[lines["selection"] == name] if "selection" in lines.columns else lines
        for axis, outcome in zip(line, outcomes, strict=True):
            comparison = of_selection[of_selection["outcome"] == outcome]
            _boxes(axis, rows, outcome, exposure, comparison, f"{name}: " if name else "")
    add_note(figure, STATE_NOTE)
    return Plate(*head, figure, table)


def _boxes(
    axis: Axes, rows: pd.DataFrame, outcome: str, exposure: str, comparison: pd.DataFrame, prefix: str
) -> None:
    values, flags = numbers_of(rows, outcome), flags_of(rows, exposure)
    if np.isnan(values).all():
        why = "not measured" if len(rows) else "no NMC particle"
        say_in_panel(axis, f"{prefix}{label_of(outcome)}: {why}.")
        return
    names = []
    groups = [values[(flags == side) & ~np.isnan(values)] for side in (True, False)]
    for place, (group, name, colour) in enumerate(
        zip(groups, _GROUPS[exposure], (VERMILION, BLUE), strict=True)
    ):
        names.append(_name_group(name, group, outcome))
        if len(group) >= 5:
            axis.boxplot(
                [group], positions=[place], widths=0.55, showmeans=True, showfliers=False,
                manage_ticks=False, patch_artist=True,
                boxprops={"facecolor": colour, "alpha": 0.3},
                medianprops={"color": "black", "linewidth": 1.6},
                meanprops={
                    "marker": "D", "markerfacecolor": "white", "markeredgecolor": "black", "markersize": 5,
                },
            )  # fmt: skip
        if len(values) <= SCATTER_AS_PIXELS:
            x = place + spread(len(group), 0.18, place)
            axis.scatter(x, group, s=mark_area(len(values)), c=colour, alpha=0.5, linewidths=0)
    axis.set_xticks([0, 1], names, fontsize=8)
    axis.set_xlim(-0.6, 1.6)
    axis.set_ylabel(label_of(outcome), fontsize=9)
    if outcome not in STATES:
        axis.set_yscale("log")
    plain_ticks(axis)
    axis.set_title(prefix + _say_effect(comparison), fontsize=9, parse_math=False)


def _name_group(name: str, group: "np.ndarray[tuple[int], np.dtype[np.float64]]", outcome: str) -> str:
    if not len(group):
        return f"{name}\nn = 0"
    digits = 2 if outcome == "soc_ev" else 3
    return f"{name}\nn = {len(group)}\nmean {group.mean():.{digits}f}\nmedian {np.median(group):.{digits}f}"


def _say_effect(comparison: pd.DataFrame) -> str:
    if comparison.empty:
        return "not tested"
    one = comparison.iloc[0]
    if np.isnan(one["p"]):
        return "no test: too few particles"
    first = f"d = {format_d(one['d'])}, {format_p(one['p'])}"
    if np.isnan(one["d_clustered"]):
        return f"{first}\nclustered: not possible"
    return f"{first}\nclustered: d = {format_d(one['d_clustered'])}, {format_p(one['p_clustered'])}"
