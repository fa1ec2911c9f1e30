"""The graph over one image of a selection, drawn for files (Figs. 2, 4c, 5b)."""

from analysis.figure_data.field_graph import FieldGraph
from analysis.figure_data.sheet import FigureData
from analysis.figures.plate import Plate
from analysis.overlay import draw_graph_over_image


def draw_field_graph(graph: FieldGraph | None, data: FigureData) -> Plate:
    """Draw the graph of one image over its pixels.

    Parameters
    ----------
    graph : FieldGraph or None
        What to draw; None where there is nothing, which the plate then says.
    data : FigureData
        From `analysis.figure_data.field_graph.field_graph_data`.
    """
    if graph is None:
        return Plate.without_figure(data)
    figure = draw_graph_over_image(
        graph.labels,
        graph.particles,
        graph.contacts,
        graph.junctions,
        graph.channels,
        pixel_size_um=graph.pixel_size_um,
        grey=graph.grey,
        title=graph.title,
    )
    return Plate.of(data, figure)
