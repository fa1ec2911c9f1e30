"""A field of view to walk through: raster, graph, TPBs ringed, channels dashed, one particle chosen (Figs. 2, 4c, 5b).

Axes are in µm from the image's upper left corner.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from cathograph.analysis.figures.field.raster import ENERGY_COLOURS, edges_of
from cathograph.analysis.figures.figure import PURPLE, VERMILION
from cathograph.analysis.figures.hover_points import HoverPoints
from cathograph.analysis.figures.interactive_style import NEUTRAL
from cathograph.schema.composites import SSB_CATHODE
from cathograph.schema.phases import GRAPHITE, NMC, SSE

MOST_CHANNELS = 400
"""Above this many dashed lines would hide the image."""

MARKS_ONE_BY_ONE = 2500
"""Above this many marks a browser is slow: over a picture they are left out or burnt into it, else its graphics card
draws them."""

_CHOSEN = "#f0e442"


@dataclass(frozen=True, eq=False)
class FieldTables:
    """The graph of one field of view.

    Attributes
    ----------
    particles : DataFrame
        Columns ``label``, ``phase``, ``centroid_y``, ``centroid_x`` (pixels), ``equivalent_diameter_um``.
    contacts : DataFrame
        Columns ``a``, ``b`` (labels), ``weight`` (0 to 1).
    junctions : DataFrame
        Columns ``y``, ``x`` (pixels).
    channels : DataFrame
        Columns ``nmc_a``, ``nmc_b`` (labels).
    """

    particles: pd.DataFrame
    contacts: pd.DataFrame
    junctions: pd.DataFrame
    channels: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Layers:
    """What is shown of a field.

    Attributes
    ----------
    picture : str
        Address of the raster; empty without one.
    energy_window_ev : tuple of float or None
        Where the raster shows energies: the scale of its colours.
    graph, tpbs, channels : bool
        Contacts and particles as marks; rings; dashes.
    """

    picture: str = ""
    energy_window_ev: tuple[float, float] | None = None
    graph: bool = False
    tpbs: bool = True
    channels: bool = True


def plot_field(
    tables: FieldTables,
    points: HoverPoints,
    layers: Layers,
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
        What is named under the pointer; over a picture nothing where they are many.
    layers : Layers
        What is shown.
    shape : tuple of int
        Pixels along (y, x).
    pixel_size_um : float
        Edge of a pixel.
    chosen : int, optional
        Label of the particle that stands out, with its contacts.
    labels : ndarray of int, shape (y, x), optional
        Label image, for its outline.
    window_um : tuple of tuple of float, optional
        What is in sight, along x and along y; by default all of it.
    height_px : int
        Of the figure.
    """
    place = _Places(tables.particles, pixel_size_um)
    figure = go.Figure()
    if not layers.picture or len(points.labels) <= MARKS_ONE_BY_ONE:
        figure.add_trace(_named(tables.particles, points, pixel_size_um, seen=not layers.picture))
    if layers.graph:
        figure.add_trace(_lines(place, tables.contacts, ("a", "b"), "contacts", NEUTRAL, opacity=0.6))
        for trace in _marks(tables.particles, place):
            figure.add_trace(trace)
    if layers.channels and len(tables.channels):
        shown = tables.channels.head(MOST_CHANNELS)
        figure.add_trace(
            _lines(place, shown, ("nmc_a", "nmc_b"), "concurrent channels", VERMILION, dash="dash", width=2)
        )
    if layers.tpbs and len(tables.junctions) and not (layers.picture and has_many_rings(tables.junctions)):
        figure.add_trace(_rings(tables.junctions, pixel_size_um))
    if chosen is not None:
        for trace in _chosen(tables, place, chosen, labels, pixel_size_um):
            figure.add_trace(trace)
    if layers.energy_window_ev is not None:
        figure.add_trace(_energy_scale(layers.energy_window_ev))
    _lay_out(figure, layers.picture, shape, pixel_size_um, height_px)
    x_um, y_um = window_um or whole_window(shape, pixel_size_um)
    figure.update_layout(xaxis_range=x_um, yaxis_range=y_um)
    return figure


def whole_window(
    shape: tuple[int, int], pixel_size_um: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Give what is in sight of a whole field, along x and along y, µm; y runs downwards.

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
    """Say whether rings belong into the picture (`cathograph.analysis.figures.field.raster.burn_rings`)."""
    return len(junctions) > MARKS_ONE_BY_ONE


def plot_surroundings(
    tables: FieldTables, chosen: int, *, pixel_size_um: float
) -> tuple[go.Figure, list[int]]:
    """Plot a particle, those it touches and the contacts among them, in their places.

    Returns
    -------
    tuple of Figure, list of int
        The figure, and the labels of the points of its first trace, in their order.
    """
    own = tables.contacts[(tables.contacts["a"] == chosen) | (tables.contacts["b"] == chosen)]
    around = {chosen, *own["a"].tolist(), *own["b"].tolist()}
    among = tables.contacts[tables.contacts["a"].isin(around) & tables.contacts["b"].isin(around)]
    particles = tables.particles[tables.particles["label"].isin(around)]
    place = _Places(tables.particles, pixel_size_um)
    y, x = place.of(particles["label"])
    figure = go.Figure(
        go.Scatter(
            x=x, y=y, mode="markers+text" if len(particles) <= 40 else "markers", name="particles", showlegend=False,
            text=[str(label) for label in particles["label"]], textposition="top center",
            marker={
                "size": [22 if label == chosen else 14 for label in particles["label"]],
                "color": [SSB_CATHODE.phase(phase).colour for phase in particles["phase"]],
                "symbol": [_SYMBOLS[SSB_CATHODE.phase(phase)] for phase in particles["phase"]],
                "opacity": 1,
                "line": {
                    "width": [3 if label == chosen else 1 for label in particles["label"]],
                    "color": [_CHOSEN if label == chosen else NEUTRAL for label in particles["label"]],
                },
            },
            unselected={"marker": {"opacity": 1}},
            hovertext=_names(particles), hovertemplate="%{hovertext}<extra></extra>",
        )
    )  # fmt: skip
    figure.add_trace(_lines(place, among, ("a", "b"), "contacts", NEUTRAL, width=1.5, opacity=0.7))
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


class _Places:
    """Where particles are, µm."""

    def __init__(self, particles: pd.DataFrame, pixel_size_um: float) -> None:
        self._places = (particles.set_index("label")[["centroid_y", "centroid_x"]] + 0.5) * pixel_size_um

    def of(self, labels: "pd.Series | list[int]") -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        found = self._places.reindex(pd.Index(labels)).to_numpy(dtype=np.float64)
        return found[:, 0], found[:, 1]


_SYMBOLS = {NMC: "circle", SSE: "square", GRAPHITE: "diamond"}


def _names(particles: pd.DataFrame) -> list[str]:
    return [
        f"{phase} {label}, {diameter:.2f} µm across"
        for phase, label, diameter in zip(
            particles["phase"], particles["label"], particles["equivalent_diameter_um"], strict=True
        )
    ]


def _named(
    particles: pd.DataFrame, points: HoverPoints, pixel_size_um: float, *, seen: bool
) -> "go.Scatter | go.Scattergl":
    """Make the points that say names: not seen over a picture, particles of their size without one."""
    of_label = particles.assign(name=_names(particles)).set_index("label")
    texts = of_label["name"].reindex(points.labels).tolist()
    marker: dict[str, object] = {"size": 6, "opacity": 0, "color": NEUTRAL}
    if seen:
        diameters = of_label["equivalent_diameter_um"].reindex(points.labels).to_numpy(dtype=float)
        phases = [SSB_CATHODE.phase(phase) for phase in of_label["phase"].reindex(points.labels)]
        marker = {
            "size": np.clip(30 * diameters / max(np.nanmax(diameters, initial=0), 1e-9), 4, 30),
            "color": [phase.colour for phase in phases],
            "symbol": [_SYMBOLS.get(phase, "x") for phase in phases],
            "opacity": 0.85,
            "line": {"width": 1, "color": NEUTRAL},
        }
    trace = go.Scatter if len(points.labels) <= MARKS_ONE_BY_ONE else go.Scattergl
    return trace(
        x=(points.x + 0.5) * pixel_size_um, y=(points.y + 0.5) * pixel_size_um, mode="markers", name="particles",
        showlegend=False, text=texts, hovertemplate="%{text}<extra></extra>", marker=marker,
    )  # fmt: skip


def _lines(
    place: _Places,
    pairs: pd.DataFrame,
    ends: tuple[str, str],
    name: str,
    colour: str,
    *,
    dash: str = "solid",
    width: float = 1,
    opacity: float = 0.9,
) -> go.Scatter:
    """Draw all pairs as one line with gaps: one thing for the browser, however many they are."""
    (y_a, x_a), (y_b, x_b) = (place.of(pairs[end]) for end in ends)
    gap = np.full(len(pairs), np.nan)
    return go.Scatter(
        x=np.column_stack([x_a, x_b, gap]).ravel(), y=np.column_stack([y_a, y_b, gap]).ravel(), mode="lines",
        name=f"{name} ({len(pairs)})", line={"color": colour, "width": width, "dash": dash}, opacity=opacity,
        hoverinfo="skip",
    )  # fmt: skip


def _marks(particles: pd.DataFrame, place: _Places) -> list[go.Scatter]:
    trace = go.Scatter if len(particles) <= MARKS_ONE_BY_ONE else go.Scattergl
    marks = []
    for phase in SSB_CATHODE.phases:
        rows = particles[particles["phase"] == phase]
        y, x = place.of(rows["label"])
        marks.append(
            trace(
                x=x, y=y, mode="markers", name=phase.name, hoverinfo="skip",
                marker={
                    "color": phase.colour, "symbol": _SYMBOLS[phase], "size": 9 if phase is NMC else 6,
                    "line": {"color": "white", "width": 1},
                },
            )
        )  # fmt: skip
    return marks


def _rings(junctions: pd.DataFrame, pixel_size_um: float) -> go.Scatter:
    trace = go.Scatter if len(junctions) <= MARKS_ONE_BY_ONE else go.Scattergl
    return trace(
        x=(junctions["x"].to_numpy(dtype=float) + 0.5) * pixel_size_um,
        y=(junctions["y"].to_numpy(dtype=float) + 0.5) * pixel_size_um,
        mode="markers", name=f"TPB junctions ({len(junctions)})", hoverinfo="skip",
        marker={"symbol": "circle-open", "size": 13, "color": PURPLE, "line": {"color": PURPLE, "width": 2.2}},
    )  # fmt: skip


def _chosen(
    tables: FieldTables,
    place: _Places,
    chosen: int,
    labels: NDArray[np.integer] | None,
    pixel_size_um: float,
) -> list[go.Scatter]:
    own = tables.contacts[(tables.contacts["a"] == chosen) | (tables.contacts["b"] == chosen)]
    traces = [_lines(place, own, ("a", "b"), "its contacts", _CHOSEN, width=2.5)]
    if labels is not None:
        rows, columns = np.nonzero(labels == chosen)
        if len(rows):
            top, left = rows.min(), columns.min()
            y, x = edges_of(labels[top : rows.max() + 1, left : columns.max() + 1] == chosen)
            traces.append(
                go.Scatter(
                    x=(x + left + 0.5) * pixel_size_um, y=(y + top + 0.5) * pixel_size_um, mode="lines",
                    name=f"particle {chosen}", line={"color": _CHOSEN, "width": 3}, hoverinfo="skip",
                )
            )  # fmt: skip
            return traces
    y_centre, x_centre = place.of([chosen])
    traces.append(
        go.Scatter(
            x=x_centre, y=y_centre, mode="markers", name=f"particle {chosen}", hoverinfo="skip",
            marker={"symbol": "circle-open", "size": 26, "color": _CHOSEN, "line": {"color": _CHOSEN, "width": 3}},
        )
    )  # fmt: skip
    return traces


def _energy_scale(window_ev: tuple[float, float]) -> go.Scatter:
    """Make the scale of colours: a point that is not drawn carries it."""
    return go.Scatter(
        x=[None], y=[None], mode="markers", showlegend=False, hoverinfo="skip",
        marker={
            "color": [window_ev[0]], "cmin": window_ev[0], "cmax": window_ev[1], "colorscale": ENERGY_COLOURS,
            "showscale": True,
            "colorbar": {"title": {"text": "edge energy (eV)", "side": "right"}, "thickness": 12, "tickformat": ".6~g"},
        },
    )  # fmt: skip


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
