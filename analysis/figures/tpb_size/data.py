"""Sizes of triple phase boundaries and of the NMC particles in them (paper Figs. 3a, 3b).

The paper does not say how it measured the size of a TPB; ours is the perimeter of the triangle of the three
centroids. Triangles whose regions do not meet have another marker: they are TPBs by the paper's definition, but
charge cannot be transferred there.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.analysis.figures.figure import FigureData, name_columns, size_column
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend
from cathograph.analysis.tables.particle_table import require_columns

_MOST_TPBS_APART = 5
"""NMC in more TPBs than this are drawn as one box."""

_CAPTION_3A = (
    "Each mark is a triangle of {triple} that are in contact with each other. Physical: "
    "the three regions meet in at least one place. Graph only: the three contacts are in different places. Both axes "
    "are logarithmic."
)
_CAPTION_3B = (
    "Boxes show quartiles and median, whiskers reach 1.5 interquartile ranges, diamonds are means, and dots are "
    "particles. TPBs are counted as triangles of contacts. The size axis is logarithmic. A larger particle has more "
    "surface for contacts, so comparisons of TPBs have to be adjusted for size (Fig. S8)."
)


def tpb_size_data(tpbs: pd.DataFrame, legend: PhaseLegend = DEFAULT_LEGEND) -> FigureData:
    """Prepare the size of TPBs against their interface ratio (Fig. 3a).

    Parameters
    ----------
    tpbs : DataFrame
        One row per TPB: ``perimeter_um``, ``interface_ratio``, ``is_physical``; optionally
        ``selection``.
    legend : PhaseLegend
        Names and colours of the phases.

    Raises
    ------
    InputError
        When a column is missing.
    """
    require_columns(tpbs, ("perimeter_um", "interface_ratio", "is_physical"))
    table = tpbs[[*name_columns(tpbs), "perimeter_um", "interface_ratio", "is_physical"]]
    missing = "No triple phase boundary in this selection." if table.empty else ""
    return FigureData(
        "fig-3a-tpb-size",
        "Fig. 3a",
        "TPB size against interface ratio",
        legend.write(_CAPTION_3A),
        table,
        missing,
        legend,
    )


def split_by_kind(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Split TPBs into those whose regions meet and those that are triangles in the graph only."""
    physical = rows["is_physical"].to_numpy(dtype=bool)
    return [("physical", rows[physical]), ("graph only", rows[~physical])]


def nmc_size_data(nmc: pd.DataFrame, legend: PhaseLegend = DEFAULT_LEGEND) -> FigureData:
    """Prepare the size of NMC particles by the number of their TPBs (Fig. 3b).

    Parameters
    ----------
    nmc : DataFrame
        One row per NMC: ``tpbs`` (count), ``area_um2`` or ``volume_um3``; optionally ``selection``.
    legend : PhaseLegend
        Names and colours of the phases.

    Raises
    ------
    InputError
        When a column is missing.
    """
    size = size_column(nmc)
    require_columns(nmc, ("tpbs", size))
    table = nmc[[*name_columns(nmc), "tpbs", size]]
    missing = (
        legend.write("No {active_phase} particle in this selection.") if table[size].isna().all() else ""
    )
    title = legend.title("{active} size by number of TPBs")
    return FigureData("fig-3b-nmc-size", "Fig. 3b", title, _CAPTION_3B, table, missing, legend)


def sizes_by_tpbs(rows: pd.DataFrame) -> list[tuple[str, NDArray[np.float64]]]:
    """Group the sizes of particles by their number of TPBs.

    Returns
    -------
    list of (str, ndarray of float64)
        Name of the group and sizes: each count up to the largest, and all counts above five together.

    Examples
    --------
    >>> [(name, len(group)) for name, group in sizes_by_tpbs(pd.DataFrame({"tpbs": [0, 2], "area_um2": [1, 2]}))]
    [('0', 1), ('1', 0), ('2', 1)]
    """
    known = rows[rows[size_column(rows)].notna()]
    sizes = known[size_column(rows)].to_numpy(dtype=float)
    capped = np.minimum(known["tpbs"].to_numpy(dtype=int), _MOST_TPBS_APART + 1)
    return [
        (f">{_MOST_TPBS_APART}" if count > _MOST_TPBS_APART else f"{count}", sizes[capped == count])
        for count in range(int(capped.max(initial=-1)) + 1)
    ]
