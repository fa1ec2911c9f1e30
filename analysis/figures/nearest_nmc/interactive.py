"""The phases that connect each NMC with its nearest NMC, interactive (paper Fig. 3c)."""

import plotly.graph_objects as go

from cathograph.analysis.figures.figure import FigureData, title_of
from cathograph.analysis.figures.interactive_style import (
    NEUTRAL,
    InteractiveFigure,
    make_empty_panel,
    make_panel,
    plain,
)
from cathograph.analysis.figures.nearest_nmc.data import split_bars, ways_of


def plot_nearest_connection(data: FigureData) -> InteractiveFigure:
    """Plot by which phases NMC are connected with their nearest NMC (Fig. 3c), one panel per selection.

    Parameters
    ----------
    data : FigureData
        From `cathograph.analysis.figures.nearest_nmc.data.nearest_data`.
    """
    panels, ways = [], ways_of(data.legend)
    for name, bars, n in split_bars(data.table):
        if not n:
            panels.append(
                make_empty_panel(name, data.legend.write("no image with two {active_phase} particles"))
            )
            continue
        panel = make_panel(
            title_of(name, data.legend.write(f"{n} {{actives}}")),
            y=data.legend.write("{active_phase} particles (%)"),
        )
        places = [plain(way.label) for way in ways]
        colours = [way.colour for way in ways]
        touching = 100 * bars["touching"] / n
        panel.add_trace(
            go.Bar(
                x=places, y=touching, name="touching", showlegend=False,
                marker={
                    "color": colours, "line": {"color": NEUTRAL, "width": 1},
                    "pattern": {"shape": "/", "fgcolor": "white", "size": 6},
                },
                customdata=bars["touching"], hovertemplate="%{customdata} touch (%{y:.1f} %)<extra></extra>",
            )
        )  # fmt: skip
        panel.add_trace(
            go.Bar(
                x=places, y=100 * bars["share"] - touching, name="apart", showlegend=False,
                marker={"color": colours, "line": {"color": NEUTRAL, "width": 1}},
                text=[
                    f"{count}<br>{100 * share:.0f} %"
                    for count, share in zip(bars["nmc"], bars["share"], strict=True)
                ],
                textposition="outside", cliponaxis=False, customdata=bars["nmc"] - bars["touching"],
                hovertemplate="%{customdata} do not touch (%{y:.1f} %)<extra></extra>",
            )
        )  # fmt: skip
        panel.update_layout(barmode="stack", bargap=0.3)
        panel.update_yaxes(range=[0, 119], tickvals=list(range(0, 101, 20)))
        panels.append(panel)
    return [panels]
