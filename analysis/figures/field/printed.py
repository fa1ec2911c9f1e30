"""The graph over one image of a selection, drawn for files (Figs. 2, 4c, 5b)."""

from cathograph.analysis.figures.field.data import FieldGraph
from cathograph.analysis.figures.field.overlay import draw_graph_over_image
from cathograph.analysis.figures.figure import FigureData
from cathograph.analysis.figures.printed_style import Plate


def draw_field_graph(graph: FieldGraph | None, data: FigureData) -> Plate:
    """Draw the graph of one image over its pixels.

    Parameters
    ----------
    graph : FieldGraph or None
        What to draw; None where there is nothing, which the plate then says.
    data : FigureData
        From `cathograph.analysis.figures.field.data.field_graph_data`.
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
