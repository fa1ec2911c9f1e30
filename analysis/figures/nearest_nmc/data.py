"""The phases that connect each NMC particle with its nearest NMC (paper Fig. 3c).

The nearest NMC is the one with the smallest distance between the boundaries. Two such particles can touch as well,
whichever phases connect them.
"""

import pandas as pd

from cathograph.analysis.figures.figure import GREEN, FigureData, split_selections
from cathograph.analysis.tables.particle_table import require_columns
from cathograph.schema.phases import Phase

WAYS = {
    "both": ("SSE and\ngraphite", GREEN),
    "SSE": ("SSE\nonly", Phase.SSE.colour),
    "Graphite": ("graphite\nonly", Phase.GRAPHITE.colour),
    "neither": ("neither", "#bbbbbb"),
}
"""The ways in which two NMC can be connected: label and colour."""

_CAPTION = (
    "For each NMC the nearest other NMC is found by the distance between boundaries (for ties: the lowest label). The "
    "two are connected by a phase if both touch the same region of it. Hatched: the two particles also touch each "
    "other. Above each bar are the number of NMC and the share of all NMC that are not alone in their image."
)


def nearest_data(nearest: pd.DataFrame) -> FigureData:
    """Count NMC by the phases that connect them with their nearest NMC (Fig. 3c).

    Parameters
    ----------
    nearest : DataFrame
        One row per NMC that is not alone in its image: ``via`` (SSE, Graphite, both, neither), ``touching``;
        optionally ``selection``.

    Returns
    -------
    FigureData
        Its table has one row per selection and way: count, touching, share.

    Raises
    ------
    InputError
        When a column is missing.
    """
    require_columns(nearest, ("via", "touching"))
    table = pd.DataFrame(
        [
            {
                "selection": name,
                "via": way,
                "nmc": len(chosen),
                "touching": int(chosen["touching"].sum()),
                "share": len(chosen) / len(rows) if len(rows) else float("nan"),
            }
            for name, rows in split_selections(nearest)
            for way in WAYS
            for chosen in [rows[rows["via"] == way]]
        ]
    )
    missing = "No image of this selection has two NMC particles." if nearest.empty else ""
    return FigureData(
        "fig-3c-nearest-nmc", "Fig. 3c", "Connection to the nearest NMC", _CAPTION, table, missing
    )


def split_bars(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame, int]]:
    """List name, bars and number of NMC of each selection."""
    return [
        (str(name), bars, int(bars["nmc"].sum()))
        for name, bars in table.groupby("selection", sort=False, observed=False)
    ]
