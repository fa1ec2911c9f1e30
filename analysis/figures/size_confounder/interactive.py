"""Is it only the size? States against particle size by exposure, on a page (paper Fig. S8)."""

import pandas as pd
import plotly.graph_objects as go

from cathograph.analysis.figures.figure import FigureData, label_of, of_selection, split_selections
from cathograph.analysis.figures.interactive_style import (
    Panels,
    make_log,
    make_panel,
    mark_size,
    note_thinning,
    plain,
    say_in_panel,
    share_range,
    thin,
    title_of,
)
from cathograph.analysis.figures.size_confounder.data import say_effect, split_by_exposure
from cathograph.analysis.tables.particle_table import EXPOSURES, STATES


def plot_size_confounder(data: FigureData, adjusted: pd.DataFrame) -> Panels:
    """Plot states against size, exposed particles and others (Fig. S8), a row a selection and exposure.

    Parameters
    ----------
    data : FigureData
        From `cathograph.analysis.figures.size_confounder.data.size_data`.
    adjusted : DataFrame
        As for that function.
    """
    size = str(adjusted["size"].iloc[0])
    parts = split_selections(data.table)
    panels = [
        [
            _scatter(rows, size, state, exposure, _test_of(adjusted, name, exposure, state), name, len(parts))
            for state in STATES
        ]
        for name, rows in parts
        for exposure in EXPOSURES
    ]
    for place, state in enumerate(STATES):
        share_range([row[place] for row in panels if row[place].data], data.table[state])
    return panels


def _test_of(adjusted: pd.DataFrame, selection: str, exposure: str, state: str) -> pd.DataFrame:
    tests = of_selection(adjusted, selection)
    return tests[(tests["exposure"] == exposure) & (tests["outcome"] == state)]


def _scatter(
    rows: pd.DataFrame, size: str, state: str, exposure: str, test: pd.DataFrame, selection: str, parts: int
) -> go.Figure:
    known = rows[rows[[size, state]].notna().all(axis=1)]
    groups = split_by_exposure(known, size, state, exposure)
    if not groups:
        why = "not measured" if len(rows) else "no NMC particle"
        return say_in_panel(title_of(selection, label_of(state)), why)
    panel = make_panel(
        title_of(selection, say_effect(test)), x=label_of(size), y=label_of(state), height_px=360, legend=True
    )
    drawn = thin(known, len(EXPOSURES) * len(STATES) * parts)
    for group, points, symbol, dash in zip(
        groups, split_by_exposure(drawn, size, state, exposure), ("circle", "triangle-up"), ("solid", "dash"),
        strict=True,
    ):  # fmt: skip
        panel.add_trace(
            go.Scatter(
                x=points.sizes, y=points.values, mode="markers", name=plain(f"{group.name} ({len(group.sizes)})"),
                marker={"color": group.colour, "symbol": symbol, "size": mark_size(len(drawn)), "opacity": 0.5},
                hovertemplate="%{x:.3g}, %{y:.5g} eV<extra></extra>",
            )
        )  # fmt: skip
        if group.line is not None:
            panel.add_trace(
                go.Scatter(
                    x=group.line[0], y=group.line[1], mode="lines", showlegend=False,
                    name=plain(f"least squares, {group.name}"),
                    line={"color": group.colour, "dash": dash, "width": 2}, hoverinfo="skip",
                )
            )  # fmt: skip
    make_log(panel, "x", known[size])
    note_thinning(panel, len(drawn), len(known))
    panel.update_yaxes(tickformat=".6~g")
    return panel
