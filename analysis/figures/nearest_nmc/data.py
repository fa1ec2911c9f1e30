"""The phases that connect each NMC particle with its nearest NMC (paper Fig. 3c).

The nearest NMC is the one with the smallest distance between the boundaries. Two such particles can touch as well,
whichever phases connect them.
"""

from dataclasses import dataclass

import pandas as pd

from cathograph.analysis.figures.figure import GREEN, FigureData, split_selections
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend, in_sentence
from cathograph.analysis.tables.particle_table import require_columns
from cathograph.schema.composites import Composite

_CAPTION = (
    "For each {active} the nearest other {active} is found by the distance between boundaries (for ties: the lowest "
    "label). The two are connected by a phase if both touch the same region of it. Hatched: the two particles also "
    "touch each other. Above each bar are the number of {actives} and the share of all {actives} that are not alone "
    "in their image."
)
_CARRIERS = " First and second are the two carriers of a channel in the composite of the image."


@dataclass(frozen=True)
class Way:
    """A way in which two active particles can be connected.

    Attributes
    ----------
    name : str
        In the figure's table: the names of the carrier's phases, or its role where composites are mixed.
    label, colour : str
        In the figure.
    """

    name: str
    label: str
    colour: str


def ways_of(legend: PhaseLegend) -> list[Way]:
    """List the ways: both carriers, the first, the second, neither."""
    names = [_carriers_of(each) for each in legend.composites]
    roles = {each.channel for each in legend.composites}
    if len(set(names)) == 1:
        first, second = names[0]
    else:
        first, second = "first", "second"
        if len(roles) == 1:
            first, second = (role.value for role in next(iter(roles)))
    colours = [_colour_of(legend, place) for place in (0, 1)]
    one, other = (in_sentence(name) for name in (first, second))
    return [
        Way("both", f"{one} and\n{other}", GREEN),
        Way(first, f"{one}\nonly", colours[0]),
        Way(second, f"{other}\nonly", colours[1]),
        Way("neither", "neither", "#bbbbbb"),
    ]


def nearest_data(nearest: pd.DataFrame, legend: PhaseLegend = DEFAULT_LEGEND) -> FigureData:
    """Count NMC by the phases that connect them with their nearest NMC (Fig. 3c).

    Parameters
    ----------
    nearest : DataFrame
        One row per NMC that is not alone in its image: ``via`` (SSE, Graphite, both, neither), ``touching``;
        optionally ``selection``, and ``composite`` where there are several.
    legend : PhaseLegend
        Names and colours of the phases.

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
    numbered = nearest.assign(way=_places_of(nearest, legend).to_numpy())
    table = pd.DataFrame(
        [
            {
                "selection": name,
                "via": way.name,
                "nmc": len(chosen),
                "touching": int(chosen["touching"].sum()),
                "share": len(chosen) / len(rows) if len(rows) else float("nan"),
            }
            for name, rows in split_selections(numbered)
            for number, way in enumerate(ways_of(legend))
            for chosen in [rows[rows["way"] == number]]
        ]
    )
    missing = legend.write("No image of this selection has two {active_phase} particles.")
    return FigureData(
        "fig-3c-nearest-nmc",
        "Fig. 3c",
        legend.write("Connection to the nearest {active}"),
        legend.write(_CAPTION) + (_CARRIERS if ways_of(legend)[1].name == "first" else ""),
        table,
        missing if nearest.empty else "",
        legend,
    )


def split_bars(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame, int]]:
    """List name, bars and number of NMC of each selection."""
    return [
        (str(name), bars, int(bars["nmc"].sum()))
        for name, bars in table.groupby("selection", sort=False, observed=False)
    ]


def _carriers_of(composite: Composite) -> tuple[str, str]:
    """Name both carriers as the column ``via`` does: all phases of the role, joined by a slash."""
    first, second = (
        "/".join(phase.name for phase in composite.with_role(role)) for role in composite.channel
    )
    return first, second


def _colour_of(legend: PhaseLegend, place: int) -> str:
    """Give the colour of the first phase of a carrier."""
    composite = legend.composites[0]
    return legend.look(composite.with_role(composite.channel[place])[0].name).colour


def _places_of(nearest: pd.DataFrame, legend: PhaseLegend) -> pd.Series:
    """Give the place of each row in `ways_of`; -1 for a carrier that no composite has."""
    place = nearest["via"].map({"both": 0, "neither": 3}).fillna(-1).astype(int)
    for composite in legend.composites:
        own = nearest["composite"] == composite.name if "composite" in nearest else place == -1
        for number, name in enumerate(_carriers_of(composite), start=1):
            place[own & (place == -1) & (nearest["via"] == name)] = number
    return place
