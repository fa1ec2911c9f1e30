"""What a report shows of pixels, which come from files and not from the store."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cathograph.analysis.figures.field.data import FieldGraph
from cathograph.analysis.figures.figure import FigureData


@dataclass(frozen=True, eq=False)
class PixelFigures:
    """Figures of pixels.

    Attributes
    ----------
    grey, energies : FigureData
        Grey values (Fig. S1b), energies inside single particles (Fig. S4).
    graphs : Mapping
        One image of each selection with its graph (Figs. 2, 4c, 5b), by name of the selection; None where none
        can be shown.
    why_no_graph : str
        Said in place of a graph that is None.
    """

    grey: FigureData
    energies: FigureData
    graphs: Mapping[str, FieldGraph | None] = field(default_factory=dict)
    why_no_graph: str = ""
