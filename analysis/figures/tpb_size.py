"""Sizes around triple phase boundaries (paper Figs. 3a, 3b).

The paper does not say how it measured the size of a TPB; ours is the perimeter of the triangle
of the three centroids. Triangles whose regions meet nowhere are drawn with another marker: they
are TPBs by the paper's definition, and no place where charge could be transferred.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.plate import (
    BLUE,
    SCATTER_AS_PIXELS,
    VERMILION,
    Plate,
    label_of,
    make_panels,
    mark_area,
    plain_ticks,
    say_in_figure,
    say_in_panel,
    size_column,
    split_selections,
    spread,
)
from analysis.particle_table import require_columns
from schema.phases import Phase

_MOST_TPBS_APART = 5
"""NMC in more TPBs than this share one box."""

_CAPTION_3A = (
    "Each mark is one triangle of an NMC, an SSE and a graphite region in contact. Physical: the three "
    "meet in at least one place; graph only: their contacts lie apart. Both axes are logarithmic."
)
_CAPTION_3B = (
    "Boxes: quartiles and median, whiskers to 1.5 interquartile ranges, diamond: mean, dots: particles. "
    "TPBs are triangles of contacts. The axis of sizes is logarithmic. A larger particle has more room "
    "for contacts, so size has to be adjusted for wherever TPBs are compared (Fig. S8)."
)


def draw_tpb_size(tpbs: pd.DataFrame) -> Plate:
    """Draw the size of TPBs against their interface ratio (Fig. 3a).

    Parameters
    ----------
    tpbs : DataFrame
        One row per TPB: ``perimeter_um``, ``interface_ratio``, ``is_physical``; optionally
        ``selection``.

    Raises
    ------
    InputError
        When a column is missing.
    """
    require_columns(tpbs, ("perimeter_um", "interface_ratio", "is_physical"))
    names = [
        name for name in ("selection", "sample", "image", "nmc", "sse", "graphite") if name in tpbs.columns
    ]
    table = tpbs[[*names, "perimeter_um", "interface_ratio", "is_physical"]]
    head = ("fig-3a-tpb-size", "Fig. 3a", "TPB size against interface ratio", _CAPTION_3A)
    if table.empty:
        missing = "No triple phase boundary in this selection."
        return Plate(*head, say_in_figure(missing), table, missing)
    parts = split_selections(table)
    figure, panels = make_panels(1, len(parts), width=4.6, height=3.9, share_y=True)
    for axis, (name, rows) in zip(panels[0], parts, strict=True):
        if rows.empty:
            say_in_panel(axis, f"{name}: no triple phase boundary.")
            continue
        _scatter_tpbs(axis, rows)
        axis.set_title(
            f"{name}: {len(rows)} TPBs" if name else f"{len(rows)} TPBs", fontsize=10, parse_math=False
        )
        axis.set_xlabel(label_of("interface_ratio"))
        axis.legend(fontsize=8, loc="best")
    panels[0][0].set_ylabel(label_of("perimeter_um"))
    return Plate(*head, figure, table)


def _scatter_tpbs(axis: Axes, rows: pd.DataFrame) -> None:
    physical = rows["is_physical"].to_numpy(dtype=bool)
    for chosen, colour, marker, name in (
        (physical, BLUE, "o", "physical"),
        (~physical, VERMILION, "^", "graph only"),
    ):
        axis.scatter(
            rows["interface_ratio"][chosen], rows["perimeter_um"][chosen],
            s=mark_area(len(rows)), c=colour, marker=marker, alpha=0.6, linewidths=0,
            label=f"{name} ({int(chosen.sum())})", rasterized=len(rows) > SCATTER_AS_PIXELS,
        )  # fmt: skip
    axis.set_xscale("log")
    axis.set_yscale("log")
    plain_ticks(axis)


def draw_nmc_size_by_tpbs(nmc: pd.DataFrame) -> Plate:
    """Draw the size of NMC particles by the number of TPBs they are part of (Fig. 3b).

    Parameters
    ----------
    nmc : DataFrame
        One row per NMC: ``tpbs`` (count), ``area_um2`` or ``volume_um3``; optionally ``selection``.

    Raises
    ------
    InputError
        When a column is missing.
    """
    size = size_column(nmc)
    require_columns(nmc, ("tpbs", size))
    names = [name for name in ("selection", "sample", "image", "label") if name in nmc.columns]
    table = nmc[[*names, "tpbs", size]]
    head = ("fig-3b-nmc-size", "Fig. 3b", "NMC size by number of TPBs", _CAPTION_3B)
    if table[size].isna().all():
        missing = "No NMC particle in this selection."
        return Plate(*head, say_in_figure(missing), table, missing)
    parts = split_selections(table)
    figure, panels = make_panels(1, len(parts), width=4.8, height=3.9, share_y=True)
    for axis, (name, rows) in zip(panels[0], parts, strict=True):
        known = rows[rows[size].notna()]
        if known.empty:
            say_in_panel(axis, f"{name}: no NMC particle.")
            continue
        _boxes_by_count(axis, known["tpbs"].to_numpy(dtype=int), known[size].to_numpy(dtype=float))
        axis.set_title(
            f"{name}: {len(known)} NMC" if name else f"{len(known)} NMC", fontsize=10, parse_math=False
        )
        axis.set_xlabel("TPBs of the particle")
    panels[0][0].set_ylabel(label_of(size))
    return Plate(*head, figure, table)


def _boxes_by_count(axis: Axes, counts: np.ndarray, sizes: np.ndarray) -> None:
    capped = np.minimum(counts, _MOST_TPBS_APART + 1)
    groups = [sizes[capped == count] for count in range(int(capped.max()) + 1)]
    names = [
        f"{'>' + str(_MOST_TPBS_APART) if count > _MOST_TPBS_APART else count}\nn = {len(group)}"
        for count, group in enumerate(groups)
    ]
    # A box of three points shows quartiles that are none: below five only the points are drawn.
    boxes = [(place, group) for place, group in enumerate(groups) if len(group) >= 5]
    if boxes:
        axis.boxplot(
            [group for _, group in boxes], positions=[place for place, _ in boxes], widths=0.6,
            showmeans=True, showfliers=False, manage_ticks=False, patch_artist=True,
            boxprops={"facecolor": Phase.NMC.colour, "alpha": 0.45},
            medianprops={"color": "black", "linewidth": 1.6},
            meanprops={"marker": "D", "markerfacecolor": "white", "markeredgecolor": "black", "markersize": 5},
        )  # fmt: skip
    for place, group in enumerate(groups):
        axis.scatter(
            place + spread(len(group), 0.2, place), group,
            s=mark_area(len(sizes)), c="#333333", alpha=0.35, linewidths=0, rasterized=len(sizes) > SCATTER_AS_PIXELS,
        )  # fmt: skip
    axis.set_xticks(range(len(groups)), names, fontsize=8)
    axis.set_xlim(-0.6, len(groups) - 0.4)
    axis.set_yscale("log")
    plain_ticks(axis)
