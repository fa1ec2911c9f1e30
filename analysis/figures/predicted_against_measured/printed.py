"""Predicted against measured state of NMC, printed (paper Fig. 6)."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cathograph.analysis.figures.figure import (
    BLUE,
    STATE_NOTE,
    VERMILION,
    label_of,
    split_selections,
    title_of,
)
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend
from cathograph.analysis.figures.predicted_against_measured.data import (
    HONEST_SPLITS,
    describe_quality,
    predicted_data,
    predicted_states,
)
from cathograph.analysis.figures.printed_style import (
    SMALL_PT,
    PrintedFigure,
    add_note,
    draw_points,
    make_panels,
    plain_ticks,
    write_in_panel,
    write_texts,
)


def draw_predicted_against_measured(
    predictions: pd.DataFrame, legend: PhaseLegend = DEFAULT_LEGEND
) -> PrintedFigure:
    """Draw predicted against measured states (Fig. 6).

    Parameters
    ----------
    predictions : DataFrame
    legend : PhaseLegend
        As for `cathograph.analysis.figures.predicted_against_measured.data.predicted_data`.

    Raises
    ------
    InputError
        When a column is missing.
    """
    data = predicted_data(predictions, legend)
    if data.missing:
        return PrintedFigure.of_nothing(data)
    known = predicted_states(data.table)
    parts = split_selections(data.table)
    figure, panels = make_panels(len(parts), len(known), height_mm=62)
    for line, (name, rows) in zip(panels, parts, strict=True):
        for axis, state in zip(line, known, strict=True):
            _scatter(axis, rows, state, name, legend)
    models = ", ".join(
        f"{model} ({digest[:8]})"
        for model, digest in data.table[["model", "model_hash"]].drop_duplicates().itertuples(index=False)
    )
    add_note(figure, f"Model {models}. {STATE_NOTE}".replace("$", r"\$"))
    return PrintedFigure.of(data, figure)


def _scatter(axis: Axes, rows: pd.DataFrame, state: str, name: str, legend: PhaseLegend) -> None:
    both = rows.dropna(subset=[state, f"{state}_predicted"])
    if both.empty:
        write_in_panel(
            axis, title_of(name, legend.write("no {active} with a measured and a predicted state."))
        )
        return
    honest = both["split"].isin(HONEST_SPLITS).to_numpy(dtype=bool)
    x, y = both[state].to_numpy(float), both[f"{state}_predicted"].to_numpy(float)
    draw_points(
        axis, x[~honest], y[~honest], of=len(both), colour="#999999", marker="x", alpha=0.4,
        label="training and validation",
    )  # fmt: skip
    draw_points(axis, x[honest], y[honest], of=len(both), colour=BLUE, alpha=0.6, label="test")
    ends = np.array([min(x.min(), y.min()), max(x.max(), y.max())])
    axis.plot(ends, ends, color=VERMILION, linewidth=1)
    axis.set_aspect("equal", adjustable="datalim")
    axis.locator_params(nbins=5)
    plain_ticks(axis)
    write_texts(
        axis,
        title=title_of(name, describe_quality(x[honest], y[honest], legend)),
        x=f"measured {label_of(state)}".replace(": ", ":\n"),
        y="predicted (eV)",
    )
    axis.legend(fontsize=SMALL_PT, loc="upper left", markerscale=2)  # low values are rarely predicted high
