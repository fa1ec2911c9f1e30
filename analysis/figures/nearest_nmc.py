"""What joins each NMC particle to its nearest one (paper Fig. 3c).

The nearest NMC is the one with the smallest distance between boundaries. Whether the two touch
is a flag beside the way they are joined, drawn as the hatched part of a bar.
"""

import pandas as pd

from analysis.figures.plate import GREEN, Plate, make_panels, say_in_figure, say_in_panel, split_selections
from analysis.particle_table import require_columns
from schema.phases import Phase

_WAYS = ("both", "SSE", "Graphite", "neither")
_COLOURS = {
    "both": GREEN,
    "SSE": Phase.SSE.colour,
    "Graphite": Phase.GRAPHITE.colour,
    "neither": "#bbbbbb",
}
_CAPTION = (
    "For each NMC, the nearest other NMC by distance of boundaries (ties: the lowest label), and the "
    "phases of which both touch one region. Hatched: the two particles touch each other. Each bar has its "
    "count and its share of all NMC that have another in their image."
)


def draw_nearest_connection(nearest: pd.DataFrame) -> Plate:
    """Draw by what NMC particles are joined to their nearest NMC (Fig. 3c).

    Parameters
    ----------
    nearest : DataFrame
        One row per NMC that is not alone: ``via`` (SSE, Graphite, both, neither), ``touching``;
        optionally ``selection``.

    Returns
    -------
    Plate
        Its table has one row per selection and way: count, touching, share.

    Raises
    ------
    InputError
        When a column is missing.
    """
    require_columns(nearest, ("via", "touching"))
    parts = split_selections(nearest)
    table = pd.DataFrame(
        [
            {
                "selection": name,
                "via": way,
                "nmc": len(chosen),
                "touching": int(chosen["touching"].sum()),
                "share": len(chosen) / len(rows) if len(rows) else float("nan"),
            }
            for name, rows in parts
            for way in _WAYS
            for chosen in [rows[rows["via"] == way]]
        ]
    )
    head = ("fig-3c-nearest-nmc", "Fig. 3c", "Connection to the nearest NMC", _CAPTION)
    if nearest.empty:
        missing = "No image of this selection has two NMC particles."
        return Plate(*head, say_in_figure(missing), table, missing)
    figure, panels = make_panels(1, len(parts), width=4.2, height=3.7, share_y=True)
    for axis, (name, rows) in zip(panels[0], parts, strict=True):
        if rows.empty:
            say_in_panel(axis, f"{name}: no image with two NMC particles.")
            continue
        bars = table[table["selection"] == name]
        shares = 100 * bars["share"]
        touching = 100 * bars["touching"] / len(rows)
        colours = [_COLOURS[way] for way in _WAYS]
        axis.bar(range(4), shares, color=colours, edgecolor="black", linewidth=0.6)
        axis.bar(range(4), touching, color="none", edgecolor="white", hatch="///", linewidth=0)
        for place, (count, share) in enumerate(zip(bars["nmc"], shares, strict=True)):
            axis.text(place, share + 1.5, f"{count}\n{share:.0f} %", ha="center", va="bottom", fontsize=8)
        axis.set_xticks(range(4), ["SSE and\ngraphite", "SSE\nonly", "graphite\nonly", "neither"], fontsize=9)
        axis.set_ylim(0, 119)
        axis.set_yticks(range(0, 101, 20))
        axis.set_title(
            f"{name}: {len(rows)} NMC" if name else f"{len(rows)} NMC", fontsize=10, parse_math=False
        )
        axis.spines[["top", "right"]].set_visible(False)
    panels[0][0].set_ylabel("NMC particles (%)")
    return Plate(*head, figure, table)
