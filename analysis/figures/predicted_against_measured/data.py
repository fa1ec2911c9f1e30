"""Predicted against measured state of NMC (paper Fig. 6).

Only particles of images that the model was not trained on say how good it is, so they alone are counted in the
numbers; the others are drawn behind, faint.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.analysis.figures.figure import STATE_NOTE, FigureData, name_columns
from cathograph.analysis.tables.particle_table import STATES, require_columns

HONEST_SPLITS = ("test", "none")
"""Parts that a model was neither trained on nor stopped by."""

_CAPTION = (
    "Dots: NMC of test images (and of images the model never met); faint crosses: NMC it was trained on or stopped by. "
    "Line: predicted = measured. Numbers are of the dots alone: RMSE and MAE in eV, R² against their mean; particles "
    "of one image are not independent, `cathograph gnn evaluate` gives intervals. "
)


def newest_model(predictions: pd.DataFrame) -> pd.DataFrame:
    """Keep the predictions of the model that was written last.

    Raises
    ------
    InputError
        When a column is missing.
    """
    require_columns(predictions, ("model_hash", "predicted"))
    if predictions.empty:
        return predictions
    newest = str(predictions.sort_values("predicted", kind="stable")["model_hash"].iloc[-1])
    return predictions.loc[predictions["model_hash"] == newest].reset_index(drop=True)


def predicted_data(predictions: pd.DataFrame) -> FigureData:
    """Say what Fig. 6 shows.

    Parameters
    ----------
    predictions : DataFrame
        Rows of the query `predictions`, of one model: ``model``, ``model_hash``, ``split``, and for each state
        its measured value and ``…_predicted``; optionally ``selection``.

    Raises
    ------
    InputError
        When a column is missing.
    """
    needed = [name for state in STATES for name in (state, f"{state}_predicted")]
    require_columns(predictions, ("model", "model_hash", "split", *needed))
    table = predictions[[*name_columns(predictions), "model", "model_hash", "split", *needed]]
    missing = (
        ""
        if predicted_states(table)
        else ("No NMC with both a measured and a predicted state; run `cathograph gnn predict`.")
    )
    return FigureData(
        "fig-6-predicted", "Fig. 6", "Predicted against measured state", _CAPTION + STATE_NOTE, table, missing
    )


def predicted_states(table: pd.DataFrame) -> list[str]:
    """Name the states that some NMC has both measured and predicted."""
    return [state for state in STATES if not (table[state] + table[f"{state}_predicted"]).isna().all()]


def say_quality(measured: NDArray[np.float64], predicted: NDArray[np.float64]) -> str:
    r"""Write RMSE, MAE and R² of test particles.

    Examples
    --------
    >>> say_quality(np.array([1.0, 3.0]), np.array([1.5, 2.5]))
    'test: 2 NMC, R² 0.75\nRMSE 0.5, MAE 0.5 eV'
    """
    n = len(measured)
    if n < 2:
        return f"test: {n} NMC, too few for numbers"
    error = predicted - measured
    spread = ((measured - measured.mean()) ** 2).sum()
    r2 = f"{1 - (error**2).sum() / spread:.2f}" if spread > 0 else "–"
    return f"test: {n} NMC, R² {r2}\nRMSE {np.sqrt((error**2).mean()):.3g}, MAE {np.abs(error).mean():.3g} eV"
