"""Histograms of pixel values, interactive: grey values, edge energies of particles (paper Figs. S1b, S4)."""

from itertools import cycle

import plotly.graph_objects as go

from cathograph.analysis.figures.figure import VERMILION, FigureData
from cathograph.analysis.figures.interactive_style import InteractiveFigure, make_panel, plain
from cathograph.analysis.figures.pixel_histograms.data import phase_colour


def plot_grey_values(data: FigureData) -> InteractiveFigure:
    """Plot the distribution of grey values in each phase (Fig. S1b).

    Parameters
    ----------
    data : FigureData
        From `cathograph.analysis.figures.pixel_histograms.data.grey_value_data`.
    """
    panel = make_panel("", x="grey value", y="share of the phase's pixels", height_px=280, legend=True)
    for (phase, rows), dash in zip(
        data.table.groupby("phase", sort=False),
        cycle(("solid", "dash", "dashdot", "dot", "longdash", "longdashdot")),
        strict=False,
    ):
        panel.add_trace(
            go.Scatter(
                x=(rows["grey_low"] + rows["grey_high"]) / 2, y=rows["share"], mode="lines", name=str(phase),
                line={"color": phase_colour(str(phase), data.legend), "dash": dash, "shape": "hvh", "width": 2},
                hovertemplate="%{x:.4g}: %{y:.1%}<extra>%{fullData.name}</extra>",
            )
        )  # fmt: skip
    return [[panel]]


def plot_particle_energies(data: FigureData) -> InteractiveFigure:
    """Plot the energies of the pixels of single particles (Fig. S4), one panel per particle.

    Parameters
    ----------
    data : FigureData
        From `cathograph.analysis.figures.pixel_histograms.data.particle_energy_data`.
    """
    panels = []
    for label, rows in data.table.groupby("label", sort=False):
        valid, total = int(rows["pixels"].sum()), int(rows["pixels_all"].iloc[0])
        panel = make_panel(
            f"particle {label}: {valid} of {total} pixels", x="edge energy (eV)", y="pixels", height_px=250
        )
        low, high = rows["energy_low_ev"], rows["energy_high_ev"]
        panel.add_trace(
            go.Bar(
                x=(low + high) / 2, y=rows["pixels"], width=high - low, name="pixels", showlegend=False,
                marker={"color": data.legend.active_colour, "line": {"width": 0}},
                hovertemplate="%{x:.2f} eV: %{y} pixels<extra></extra>",
            )
        )  # fmt: skip
        panel.update_layout(bargap=0)
        panel.update_xaxes(range=[low.min(), high.max()], tickformat=".6~g", nticks=6)
        if valid:
            panel.add_vline(x=float(rows["mean_ev"].iloc[0]), line={"color": VERMILION, "width": 2})
        else:
            panel.add_annotation(
                text=plain("no pixel inside the window"), x=0.5, y=0.5, xref="paper", yref="paper",
                showarrow=False,
            )  # fmt: skip
        panels.append(panel)
    return [panels]
