"""Traces of the interactive field of view: contacts, particles, TPB junctions, the selected particle."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from cathograph.analysis.figures.field.boundaries import edges_of
from cathograph.analysis.figures.field.data import FieldTables
from cathograph.analysis.figures.field.raster import ENERGY_COLOURS
from cathograph.analysis.figures.hover_points import HoverPoints
from cathograph.analysis.figures.interactive_style import NEUTRAL
from cathograph.analysis.figures.phase_legend import PhaseLegend

MARKS_ONE_BY_ONE = 2500
"""Above this number of marks a browser is slow. Over a picture they are then left out or made part of the picture;
without a picture the graphics card draws them."""

SELECTED = "#f0e442"
"""Colour of the selected particle."""


class Positions:
    """Positions of particles in µm."""

    def __init__(self, particles: pd.DataFrame, pixel_size_um: float) -> None:
        self._places = (particles.set_index("label")[["centroid_y", "centroid_x"]] + 0.5) * pixel_size_um

    def of(self, labels: "pd.Series | list[int]") -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give y and x of the centroids of some labels."""
        found = self._places.reindex(pd.Index(labels)).to_numpy(dtype=np.float64)
        return found[:, 0], found[:, 1]


def names_of(particles: pd.DataFrame) -> list[str]:
    """Write the tooltip of each particle."""
    return [
        f"{phase} {label}, {diameter:.2f} µm across"
        for phase, label, diameter in zip(
            particles["phase"], particles["label"], particles["equivalent_diameter_um"], strict=True
        )
    ]


def name_points(
    particles: pd.DataFrame,
    points: HoverPoints,
    pixel_size_um: float,
    legend: PhaseLegend,
    *,
    visible: bool,
) -> "go.Scatter | go.Scattergl":
    """Make the points with tooltips: invisible over a picture, else visible and as large as the particles."""
    of_label = particles.assign(name=names_of(particles)).set_index("label")
    texts = of_label["name"].reindex(points.labels).tolist()
    marker: dict[str, object] = {"size": 6, "opacity": 0, "color": NEUTRAL}
    if visible:
        diameters = of_label["equivalent_diameter_um"].reindex(points.labels).to_numpy(dtype=float)
        looks = [legend.look(phase) for phase in of_label["phase"].reindex(points.labels)]
        marker = {
            "size": np.clip(30 * diameters / max(np.nanmax(diameters, initial=0), 1e-9), 4, 30),
            "color": [look.colour for look in looks],
            "symbol": [look.symbol for look in looks],
            "opacity": 0.85,
            "line": {"width": 1, "color": NEUTRAL},
        }
    trace = go.Scatter if len(points.labels) <= MARKS_ONE_BY_ONE else go.Scattergl
    return trace(
        x=(points.x + 0.5) * pixel_size_um, y=(points.y + 0.5) * pixel_size_um, mode="markers", name="particles",
        showlegend=False, text=texts, hovertemplate="%{text}<extra></extra>", marker=marker,
    )  # fmt: skip


def lines_between(
    positions: Positions,
    pairs: pd.DataFrame,
    ends: tuple[str, str],
    name: str,
    colour: str,
    *,
    dash: str = "solid",
    width: float = 1,
    opacity: float = 0.9,
) -> go.Scatter:
    """Draw the lines of all pairs as one trace with gaps, which a browser draws fast."""
    (y_a, x_a), (y_b, x_b) = (positions.of(pairs[end]) for end in ends)
    gap = np.full(len(pairs), np.nan)
    return go.Scatter(
        x=np.column_stack([x_a, x_b, gap]).ravel(), y=np.column_stack([y_a, y_b, gap]).ravel(), mode="lines",
        name=f"{name} ({len(pairs)})", line={"color": colour, "width": width, "dash": dash}, opacity=opacity,
        hoverinfo="skip",
    )  # fmt: skip


def particle_marks(particles: pd.DataFrame, positions: Positions, legend: PhaseLegend) -> list[go.Scatter]:
    """Draw the centroids of all particles, one trace per phase."""
    trace = go.Scatter if len(particles) <= MARKS_ONE_BY_ONE else go.Scattergl
    larger, smaller = (9, 6) if len(particles) <= MARKS_ONE_BY_ONE else (5, 4)
    marks = []
    for look in legend.looks(particles["phase"].unique()):
        rows = particles[particles["phase"] == look.name]
        y, x = positions.of(rows["label"])
        marks.append(
            trace(
                x=x, y=y, mode="markers", name=look.name, hoverinfo="skip",
                marker={
                    "color": look.colour, "symbol": look.symbol, "size": larger if look.is_active else smaller,
                    "line": {"color": "white", "width": 1},
                },
            )
        )  # fmt: skip
    return marks


def junction_rings(junctions: pd.DataFrame, pixel_size_um: float, colour: str) -> go.Scatter:
    """Draw a ring around each junction of a TPB."""
    trace = go.Scatter if len(junctions) <= MARKS_ONE_BY_ONE else go.Scattergl
    return trace(
        x=(junctions["x"].to_numpy(dtype=float) + 0.5) * pixel_size_um,
        y=(junctions["y"].to_numpy(dtype=float) + 0.5) * pixel_size_um,
        mode="markers", name=f"TPB junctions ({len(junctions)})", hoverinfo="skip",
        marker={"symbol": "circle-open", "size": 13, "color": colour, "line": {"color": colour, "width": 2.2}},
    )  # fmt: skip


def selected_particle(
    tables: FieldTables,
    positions: Positions,
    chosen: int,
    labels: NDArray[np.integer] | None,
    pixel_size_um: float,
) -> list[go.Scatter]:
    """Draw the contacts of the selected particle, and its outline, or a circle if there are no pixels."""
    own = tables.contacts[(tables.contacts["a"] == chosen) | (tables.contacts["b"] == chosen)]
    traces = [lines_between(positions, own, ("a", "b"), "its contacts", SELECTED, width=2.5)]
    if labels is not None:
        rows, columns = np.nonzero(labels == chosen)
        if len(rows):
            top, left = rows.min(), columns.min()
            y, x = edges_of(labels[top : rows.max() + 1, left : columns.max() + 1] == chosen)
            traces.append(
                go.Scatter(
                    x=(x + left + 0.5) * pixel_size_um, y=(y + top + 0.5) * pixel_size_um, mode="lines",
                    name=f"particle {chosen}", line={"color": SELECTED, "width": 3}, hoverinfo="skip",
                )
            )  # fmt: skip
            return traces
    y_centre, x_centre = positions.of([chosen])
    traces.append(
        go.Scatter(
            x=x_centre, y=y_centre, mode="markers", name=f"particle {chosen}", hoverinfo="skip",
            marker={"symbol": "circle-open", "size": 26, "color": SELECTED, "line": {"color": SELECTED, "width": 3}},
        )
    )  # fmt: skip
    return traces


def energy_scale(window_ev: tuple[float, float]) -> go.Scatter:
    """Make the colour scale of the energies, attached to an invisible point."""
    return go.Scatter(
        x=[None], y=[None], mode="markers", showlegend=False, hoverinfo="skip",
        marker={
            "color": [window_ev[0]], "cmin": window_ev[0], "cmax": window_ev[1], "colorscale": ENERGY_COLOURS,
            "showscale": True,
            "colorbar": {"title": {"text": "edge energy (eV)", "side": "right"}, "thickness": 12, "tickformat": ".6~g"},
        },
    )  # fmt: skip
