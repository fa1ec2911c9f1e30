"""Predicted against measured state of NMC, drawn for files (paper Fig. 6)."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cathograph.analysis.figures.figure import BLUE, STATE_NOTE, VERMILION, label_of, split_selections
from cathograph.analysis.figures.predicted_against_measured.data import (
    HONEST_SPLITS,
    predicted_data,
    predicted_states,
    say_quality,
)
from cathograph.analysis.figures.printed_style import (
    SCATTER_AS_PIXELS,
    Plate,
    add_note,
    make_panels,
    mark_area,
    plain_ticks,
    say_in_panel,
)


def draw_predicted_against_measured(predictions: pd.DataFrame) -> Plate:
    """Draw predicted against measured states (Fig. 6).

    Parameters
    ----------
    predictions : DataFrame
        As for `cathograph.analysis.figures.predicted_against_measured.data.predicted_data`.

    Raises
    ------
    InputError
        When a column is missing.
    """
    data = predicted_data(predictions)
    if data.missing:
        return Plate.without_figure(data)
    known = predicted_states(data.table)
    parts = split_selections(data.table)
    figure, panels = make_panels(len(parts), len(known), width=3.7, height=3.7)
    for line, (name, rows) in zip(panels, parts, strict=True):
        for axis, state in zip(line, known, strict=True):
            _scatter(axis, rows, state, name)
    models = ", ".join(
        f"{model} ({digest[:8]})"
        for model, digest in data.table[["model", "model_hash"]].drop_duplicates().itertuples(index=False)
    )
    add_note(figure, f"Model {models}. {STATE_NOTE}".replace("$", r"\$"))
    return Plate.of(data, figure)


def _scatter(axis: Axes, rows: pd.DataFrame, state: str, name: str) -> None:
    both = rows.dropna(subset=[state, f"{state}_predicted"])
    if both.empty:
        say_in_panel(
            axis, f"{name}: nothing measured and predicted." if name else "Nothing measured and predicted."
        )
        return
    honest = both["split"].isin(HONEST_SPLITS).to_numpy(dtype=bool)
    x, y = both[state].to_numpy(float), both[f"{state}_predicted"].to_numpy(float)
    pixels = len(both) > SCATTER_AS_PIXELS
    axis.scatter(
        x[~honest], y[~honest], s=mark_area(len(both)), c="#999999", marker="x", alpha=0.4, linewidths=0.8,
        label="trained or stopped on", rasterized=pixels,
    )  # fmt: skip
    axis.scatter(
        x[honest], y[honest], s=mark_area(len(both)), c=BLUE, alpha=0.6, linewidths=0, label="test",
        rasterized=pixels,
    )  # fmt: skip
    ends = np.array([min(x.min(), y.min()), max(x.max(), y.max())])
    axis.plot(ends, ends, color=VERMILION, linewidth=1.2)
    axis.set_aspect("equal", adjustable="datalim")
    axis.locator_params(nbins=5)
    plain_ticks(axis)
    axis.set_xlabel(f"measured {label_of(state)}", fontsize=8)
    axis.set_ylabel(f"{name}\npredicted (eV)" if name else "predicted (eV)", fontsize=8, parse_math=False)
    axis.set_title(say_quality(x[honest], y[honest]), fontsize=9)
    axis.legend(fontsize=7, loc="upper left")  # seldom is something predicted high that is low
