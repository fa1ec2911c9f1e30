"""The figures of a report that need pixels, which are read from files because the store has none."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cathograph.analysis.figures.field.data import FieldGraph
from cathograph.analysis.figures.figure import FigureData


@dataclass(frozen=True, eq=False)
class PixelFigures:
    """The data of these figures.

    Attributes
    ----------
    grey, energies : FigureData
        Grey values (Fig. S1b), energies inside single particles (Fig. S4).
    graphs : Mapping
        One image of each selection with its graph (Figs. 2, 4c, 5b), by name of the selection; None if no image
        can be shown.
    why_no_graph : str
        Reason, shown where a graph is None.
    """

    grey: FigureData
    energies: FigureData
    graphs: Mapping[str, FieldGraph | None] = field(default_factory=dict)
    why_no_graph: str = ""
