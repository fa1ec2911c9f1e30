"""Is it only the size? States against particle size, by exposure (paper Fig. S8).

An exposed particle is on average a larger one. The lines are those of the analysis of covariance
before it assumes equal slopes, one a group; the effect at equal size stands above each panel.
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
)
from analysis.particle_table import EXPOSURES, STATES, flags_of, numbers_of, require_columns
from analysis.wording import format_d, format_p

_NAMES = {
    "at_tpb": ("in a TPB", "in none"),
    "has_concurrent_channel": ("with channel", "without"),
}
_CAPTION = (
    "Circles: exposed, triangles: others; lines: least squares of each group on the logarithm of the size. d "
    "before and after adjusting for size (analysis of covariance), and the p value with images accounted for. "
    + STATE_NOTE
)


def draw_size_confounder(nmc: pd.DataFrame, adjusted: pd.DataFrame) -> Plate:
    """Draw states against size, exposed particles and others (Fig. S8).

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
    names = [name for name in ("selection", "sample", "image", "label") if name in nmc.columns]
    table = nmc[[*names, size, *EXPOSURES, *STATES]]
    head = ("fig-s8-size", "Fig. S8", "States at equal size", _CAPTION)
    if table[list(STATES)].isna().all(axis=None):
        missing = "Not measured here: these images have no energy map, or no NMC particle."
        return Plate(*head, say_in_figure(missing), table, missing)
    parts = split_selections(table)
    figure, panels = make_panels(
        len(parts) * len(EXPOSURES), len(STATES), width=3.7, height=3.3, share_y="col"
    )
    lines = iter(panels)
    for name, rows in parts:
        of_selection = (
            adjusted[adjusted["selection"] == name] if "selection" in adjusted.columns else adjusted
        )
        for exposure in EXPOSURES:
            for axis, state in zip(next(lines), STATES, strict=True):
                chosen = of_selection[
                    (of_selection["exposure"] == exposure) & (of_selection["outcome"] == state)
                ]
                _scatter(axis, rows, size, state, exposure, chosen, f"{name}: " if name else "")
    add_note(figure, STATE_NOTE)
    return Plate(*head, figure, table)


def _scatter(
    axis: Axes, rows: pd.DataFrame, size: str, state: str, exposure: str, line: pd.DataFrame, prefix: str
) -> None:
    sizes, values, flags = numbers_of(rows, size), numbers_of(rows, state), flags_of(rows, exposure)
    known = ~(np.isnan(sizes) | np.isnan(values))
    if not known.any():
        say_in_panel(
            axis, f"{prefix}{label_of(state)}: {'not measured' if len(rows) else 'no NMC particle'}."
        )
        return
    groups = zip((True, False), _NAMES[exposure], (VERMILION, BLUE), ("o", "^"), strict=True)
    for side, name, colour, marker in groups:
        x, y = sizes[known & (flags == side)], values[known & (flags == side)]
        axis.scatter(
            x, y, s=mark_area(len(rows)), c=colour, marker=marker, alpha=0.45, linewidths=0, label=f"{name} ({len(x)})",
            rasterized=len(rows) > SCATTER_AS_PIXELS,
        )  # fmt: skip
        if len(x) > 2 and np.ptp(x) > 0:
            logs = np.log(x)
            slope, level = np.polyfit(logs - logs.mean(), y, 1)
            ends = np.array([logs.min(), logs.max()])
            style = "-" if side else "--"
            axis.plot(np.exp(ends), level + slope * (ends - logs.mean()), color=colour, ls=style, lw=1.8)
    axis.set_xscale("log")
    axis.set_xlabel(label_of(size), fontsize=9)
    axis.set_ylabel(label_of(state), fontsize=9)
    axis.legend(fontsize=7, loc="best")
    plain_ticks(axis)
    axis.set_title(prefix + _say_effect(line), fontsize=9, parse_math=False)


def _say_effect(line: pd.DataFrame) -> str:
    if line.empty or np.isnan(line.iloc[0]["d_adjusted"]):
        return "no test: too few particles"
    one = line.iloc[0]
    first = f"d = {format_d(one['d'])}, at equal size {format_d(one['d_adjusted'])}"
    if np.isnan(one["p_adjusted_clustered"]):
        return f"{first}\nclustered: not possible"
    return f"{first}\nclustered {format_p(one['p_adjusted_clustered'])}"
