"""Predictions of a model, interactive: against measured states, over an image, and during training (paper Fig. 6)."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from cathograph.analysis.figures.figure import BLUE, GREEN, PURPLE, VERMILION
from cathograph.analysis.figures.interactive_style import NEUTRAL, make_panel, plain
from cathograph.analysis.figures.predicted_against_measured.data import SPLIT_NAMES

_SPLITS = {"test": BLUE, "none": GREEN, "validation": PURPLE, "train": VERMILION}
"""Colours of Okabe and Ito for the splits."""
_SYMBOLS = {"test": "circle", "none": "diamond", "validation": "square", "train": "x"}


def plot_predicted_over_measured(residuals: pd.DataFrame, target: str, label: str) -> go.Figure:
    """Plot one point per particle, and the line on which predictions are correct.

    Parameters
    ----------
    residuals : DataFrame
        `cathograph.analysis.tables.prediction_errors.residuals_of`.
    target, label : str
        Column of the state, and its axis label.
    """
    figure = make_panel("", x=f"measured {label}", y="predicted", height_px=460, legend=True)
    values = pd.concat([residuals[target], residuals[f"{target}_predicted"]])
    if len(values):
        ends = [float(values.min()), float(values.max())]
        figure.add_trace(
            go.Scatter(
                x=ends,
                y=ends,
                mode="lines",
                name="predicted = measured",
                line={"color": NEUTRAL, "dash": "dash"},
            )
        )
    for split, colour in _SPLITS.items():
        rows = residuals[residuals["split"] == split]
        if rows.empty:
            continue
        figure.add_trace(
            go.Scattergl(
                x=rows[target],
                y=rows[f"{target}_predicted"],
                mode="markers",
                name=SPLIT_NAMES[split],
                marker={"color": colour, "symbol": _SYMBOLS[split], "size": 7, "opacity": 0.75},
                text=_names(rows),
                hovertemplate="%{text}<br>measured %{x:.3f} eV<br>predicted %{y:.3f} eV<extra></extra>",
            )
        )
    return figure


def plot_residuals_over_image(residuals: pd.DataFrame, places: pd.DataFrame) -> go.Figure:
    """Plot the residuals of one image at the positions of its particles; blue is too low, red too high.

    Parameters
    ----------
    residuals : DataFrame
        Rows of one image.
    places : DataFrame
        The named query ``particles`` of that image.
    """
    rows = residuals.merge(places, on=["sample", "image", "label"], how="inner")
    largest = float(rows["residual_ev"].abs().max()) if len(rows) else 1.0
    figure = make_panel("", x="x (pixels)", y="y (pixels)", height_px=520)
    figure.add_trace(
        go.Scatter(
            x=rows["centroid_x"],
            y=rows["centroid_y"],
            mode="markers",
            marker={
                "size": 2 * rows["area_px"].pow(0.5) / max(float(rows["area_px"].max()) ** 0.5, 1.0) * 16 + 6
                if len(rows)
                else [],
                "color": rows["residual_ev"],
                "colorscale": "RdBu_r",
                "cmin": -largest,
                "cmax": largest,
                "line": {"width": 1, "color": NEUTRAL},
                "colorbar": {"title": {"text": "predicted −<br>measured (eV)"}, "thickness": 12},
            },
            text=[f"particle {label}" for label in rows["label"]],
            hovertemplate="%{text}<br>%{marker.color:.3f} eV<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", scaleanchor="x")
    return figure


def plot_learning_curves(curves: Mapping[str, Sequence[float]]) -> go.Figure:
    """Plot the validation loss by epoch, one line per network."""
    figure = make_panel("", x="epoch", y="validation loss (squared z-scores)", height_px=420, legend=True)
    for name, losses in curves.items():
        figure.add_trace(
            go.Scatter(x=list(range(1, len(losses) + 1)), y=list(losses), mode="lines", name=plain(name))
        )
    return figure


def _names(rows: pd.DataFrame) -> list[str]:
    return [
        f"{plain(sample)} · {plain(image)}, particle {label}"
        for sample, image, label in zip(rows["sample"], rows["image"], rows["label"], strict=True)
    ]
