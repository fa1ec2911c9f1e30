"""One field of view, interactive: pixels, graph, TPB junctions, channels, a selected particle (Figs. 2, 4c, 5b).

Axes are in µm from the upper left corner of the image.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from cathograph.analysis.figures.field.data import FieldTables, drawn_channels
from cathograph.analysis.figures.field.traces import (
    MARKS_ONE_BY_ONE,
    SELECTED,
    Positions,
    energy_scale,
    junction_rings,
    lines_between,
    name_points,
    names_of,
    particle_marks,
    selected_particle,
)
from cathograph.analysis.figures.hover_points import HoverPoints
from cathograph.analysis.figures.interactive_style import NEUTRAL
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend


@dataclass(frozen=True, eq=False)
class Layers:
    """What to show of a field of view.

    Attributes
    ----------
    picture : str
        Data URL of the pixels; empty if there are none.
    energy_window_ev : tuple of float or None
        Range of the colour scale, if the picture shows energies.
    graph, tpbs, channels, touching : bool
        Whether to show contacts and particles, junctions of TPBs, concurrent channels, touching channels.
    """

    picture: str = ""
    energy_window_ev: tuple[float, float] | None = None
    graph: bool = False
    tpbs: bool = True
    channels: bool = True
    touching: bool = True


def plot_field(
    tables: FieldTables,
    points: HoverPoints,
    layers: Layers,
    legend: PhaseLegend = DEFAULT_LEGEND,
    *,
    shape: tuple[int, int],
    pixel_size_um: float,
    chosen: int | None = None,
    labels: NDArray[np.integer] | None = None,
    window_um: tuple[tuple[float, float], tuple[float, float]] | None = None,
    height_px: int = 664,
) -> go.Figure:
    """Plot a field of view.

    Parameters
    ----------
    tables : FieldTables
        Its graph.
    points : HoverPoints
        Points with tooltips; left out over a picture if there are many.
    layers : Layers
        What to show.
    legend : PhaseLegend
        How the phases look.
    shape : tuple of int
        Pixels along (y, x).
    pixel_size_um : float
        Edge of a pixel.
    chosen : int, optional
        Label of the particle to highlight, with its contacts.
    labels : ndarray of int, shape (y, x), optional
        Label image, for the outline of that particle.
    window_um : tuple of tuple of float, optional
        Visible range along x and along y; by default the whole image.
    height_px : int
        Height of the figure.
    """
    positions = Positions(tables.particles, pixel_size_um)
    figure = go.Figure()
    if not layers.picture or len(points.labels) <= MARKS_ONE_BY_ONE:
        figure.add_trace(
            name_points(tables.particles, points, pixel_size_um, legend, visible=not layers.picture)
        )
    if layers.graph:
        figure.add_trace(
            lines_between(positions, tables.contacts, ("a", "b"), "contacts", NEUTRAL, opacity=0.6)
        )
        for trace in particle_marks(tables.particles, positions, legend):
            figure.add_trace(trace)
    for is_shown, channels, name, dash in (
        (layers.channels, tables.channels, "concurrent channels", "dash"),
        (layers.touching, tables.touching, "touching channels", "dot"),
    ):
        if is_shown and len(channels):
            ends, colour = ("nmc_a", "nmc_b"), legend.channel_colour
            figure.add_trace(
                lines_between(positions, drawn_channels(channels), ends, name, colour, dash=dash, width=2)
            )
    if layers.tpbs and len(tables.junctions) and not (layers.picture and has_many_rings(tables.junctions)):
        figure.add_trace(junction_rings(tables.junctions, pixel_size_um, legend.junction_colour))
    if chosen is not None:
        for trace in selected_particle(tables, positions, chosen, labels, pixel_size_um):
            figure.add_trace(trace)
    if layers.energy_window_ev is not None:
        figure.add_trace(energy_scale(layers.energy_window_ev))
    _lay_out(figure, layers.picture, shape, pixel_size_um, height_px)
    x_um, y_um = window_um or whole_window(shape, pixel_size_um)
    figure.update_layout(xaxis_range=x_um, yaxis_range=y_um)
    return figure


def whole_window(
    shape: tuple[int, int], pixel_size_um: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Compute the range of a whole image along x and along y in µm; y points downwards.

    Parameters
    ----------
    shape : tuple of int
        Pixels along (y, x).
    pixel_size_um : float
        Edge of a pixel.
    """
    height_um, width_um = shape[0] * pixel_size_um, shape[1] * pixel_size_um
    return (0.0, width_um), (height_um, -0.01 * height_um)


def has_many_rings(junctions: pd.DataFrame) -> bool:
    """Tell whether rings have to be part of the picture (`cathograph.analysis.figures.field.raster.burn_rings`)."""
    return len(junctions) > MARKS_ONE_BY_ONE


def plot_surroundings(
    tables: FieldTables, chosen: int, legend: PhaseLegend = DEFAULT_LEGEND, *, pixel_size_um: float
) -> tuple[go.Figure, list[int]]:
    """Plot a particle, its neighbours and the contacts among them, at their positions.

    Returns
    -------
    tuple of Figure, list of int
        The figure, and the label of each point of its first trace.
    """
    own = tables.contacts[(tables.contacts["a"] == chosen) | (tables.contacts["b"] == chosen)]
    around = {chosen, *own["a"].tolist(), *own["b"].tolist()}
    among = tables.contacts[tables.contacts["a"].isin(around) & tables.contacts["b"].isin(around)]
    particles = tables.particles[tables.particles["label"].isin(around)]
    positions = Positions(tables.particles, pixel_size_um)
    y, x = positions.of(particles["label"])
    figure = go.Figure(
        go.Scatter(
            x=x, y=y, mode="markers+text" if len(particles) <= 40 else "markers", name="particles", showlegend=False,
            text=[str(label) for label in particles["label"]], textposition="top center",
            marker={
                "size": [22 if label == chosen else 14 for label in particles["label"]],
                "color": [legend.look(phase).colour for phase in particles["phase"]],
                "symbol": [legend.look(phase).symbol for phase in particles["phase"]],
                "opacity": 1,
                "line": {
                    "width": [3 if label == chosen else 1 for label in particles["label"]],
                    "color": [SELECTED if label == chosen else NEUTRAL for label in particles["label"]],
                },
            },
            unselected={"marker": {"opacity": 1}},
            hovertext=names_of(particles), hovertemplate="%{hovertext}<extra></extra>",
        )
    )  # fmt: skip
    figure.add_trace(lines_between(positions, among, ("a", "b"), "contacts", NEUTRAL, width=1.5, opacity=0.7))
    figure.data = (figure.data[0], figure.data[1])
    figure.update_layout(
        height=300,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        hovermode="closest",
        dragmode="pan",
        showlegend=False,
    )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x")
    return figure, [int(label) for label in particles["label"]]


def _lay_out(
    figure: go.Figure, picture: str, shape: tuple[int, int], pixel_size_um: float, height_px: int
) -> None:
    height_um, width_um = shape[0] * pixel_size_um, shape[1] * pixel_size_um
    if picture:
        figure.add_layout_image(
            source=picture, xref="x", yref="y", x=0, y=0, sizex=width_um, sizey=height_um, xanchor="left",
            yanchor="top", sizing="stretch", layer="below",
        )  # fmt: skip
    figure.update_layout(
        height=height_px,
        margin={"l": 8, "r": 8, "t": 64, "b": 8},  # room for the buttons above the legend
        dragmode="pan",
        hovermode="closest",
        hoverdistance=40,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
    )
    figure.update_xaxes(title="µm", showgrid=False, zeroline=False, constrain="domain", automargin=True)
    figure.update_yaxes(
        scaleanchor="x",
        showgrid=False,
        zeroline=False,
        constrain="domain",
        constraintoward="top",  # on a narrow screen the legend stays with the image
        automargin=True,
    )
