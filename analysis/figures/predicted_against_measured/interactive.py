"""What a model says beside what was measured: particle by particle, over an image, and while it learned."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from cathograph.analysis.figures.interactive_style import NEUTRAL, make_panel, plain

_SPLITS = {"test": "#0072b2", "none": "#009e73", "validation": "#cc79a7", "train": "#d55e00"}
"""Colours of Okabe and Ito for the parts that images had in the training."""
_SIGNS = {"test": "circle", "none": "diamond", "validation": "square", "train": "x"}
_NAMES = {"none": "not in the training"}


def draw_predicted_over_measured(residuals: pd.DataFrame, target: str, label: str) -> go.Figure:
    """Draw one point a particle, and the line on which a prediction would be right.

    Parameters
    ----------
    residuals : DataFrame
        `cathograph.analysis.tables.prediction_errors.residuals_of`.
    target, label : str
        Column, and how it is written on axes.
    """
    figure = make_panel("", x=f"measured {label}", y="predicted", height_px=460, legend=True)
    values = pd.concat([residuals[target], residuals[f"{target}_predicted"]])
    if len(values):
        ends = [float(values.min()), float(values.max())]
        figure.add_trace(
            go.Scatter(x=ends, y=ends, mode="lines", name="right", line={"color": NEUTRAL, "dash": "dash"})
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
                name=_NAMES.get(split, split),
                marker={"color": colour, "symbol": _SIGNS[split], "size": 7, "opacity": 0.75},
                text=_whereabouts(rows),
                hovertemplate="%{text}<br>measured %{x:.3f} eV<br>predicted %{y:.3f} eV<extra></extra>",
            )
        )
    return figure


def draw_residuals_over_image(residuals: pd.DataFrame, places: pd.DataFrame) -> go.Figure:
    """Draw the residuals of one image where its particles are; blue is too low, red too high.

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


def draw_learning_curves(curves: Mapping[str, Sequence[float]]) -> go.Figure:
    """Draw the validation loss over the epochs, a line for each network."""
    figure = make_panel("", x="epoch", y="validation loss (z-scores squared)", height_px=420, legend=True)
    for name, losses in curves.items():
        figure.add_trace(
            go.Scatter(x=list(range(1, len(losses) + 1)), y=list(losses), mode="lines", name=plain(name))
        )
    return figure


def _whereabouts(rows: pd.DataFrame) -> list[str]:
    return [
        f"{plain(sample)} · {plain(image)}, particle {label}"
        for sample, image, label in zip(rows["sample"], rows["image"], rows["label"], strict=True)
    ]
