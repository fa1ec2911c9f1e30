"""Predicted against measured state of NMC (paper Fig. 6).

Only particles of images that were not used in the training show how good a model is, so the numbers are computed
from these alone. The other particles are drawn in the background.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.analysis.figures.figure import STATE_NOTE, FigureData, name_columns
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend
from cathograph.analysis.tables.particle_table import STATES, require_columns

HONEST_SPLITS = ("test", "none")
"""Splits that neither trained the model nor decided when to stop."""

SPLIT_NAMES = {
    "test": "test",
    "none": "not used in training",
    "validation": "validation",
    "train": "training",
}
"""Names of the splits for people."""

_CAPTION = (
    "Dots are {actives} of test images and of images not used in training. Crosses are {actives} of training and "
    "validation images. On the line the prediction equals the measurement. RMSE and MAE (eV) and R² are computed from "
    "the dots alone. Particles of one image are not independent; `cathograph gnn evaluate` computes confidence "
    "intervals. "
)


def newest_model(predictions: pd.DataFrame) -> pd.DataFrame:
    """Keep the predictions of the model that predicted last.

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


def predicted_data(predictions: pd.DataFrame, legend: PhaseLegend = DEFAULT_LEGEND) -> FigureData:
    """Prepare predicted against measured states (Fig. 6).

    Parameters
    ----------
    predictions : DataFrame
        Rows of the query `predictions`, of one model: ``model``, ``model_hash``, ``split``, and for each state
        its measured value and ``…_predicted``; optionally ``selection``.
    legend : PhaseLegend
        Names and colours of the phases.

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
        else legend.write(
            "No {active} has both a measured and a predicted state; run `cathograph gnn predict`."
        )
    )
    return FigureData(
        "fig-6-predicted",
        "Fig. 6",
        "Predicted against measured state",
        legend.write(_CAPTION) + STATE_NOTE,
        table,
        missing,
        legend,
    )


def predicted_states(table: pd.DataFrame) -> list[str]:
    """List the states that are both measured and predicted for at least one NMC."""
    return [state for state in STATES if not (table[state] + table[f"{state}_predicted"]).isna().all()]


def describe_quality(
    measured: NDArray[np.float64], predicted: NDArray[np.float64], legend: PhaseLegend = DEFAULT_LEGEND
) -> str:
    r"""Write the title of a panel: RMSE, MAE and R² of the test particles.

    Examples
    --------
    >>> describe_quality(np.array([1.0, 3.0]), np.array([1.5, 2.5]))
    'test: 2 NMC, R² 0.75\nRMSE 0.5, MAE 0.5 eV'
    """
    n, actives = len(measured), legend.write("{actives}")
    if n < 2:
        return f"test: {n} {actives}, too few to compute errors"
    error = predicted - measured
    spread = ((measured - measured.mean()) ** 2).sum()
    r2 = f"{1 - (error**2).sum() / spread:.2f}" if spread > 0 else "–"
    return f"test: {n} {actives}, R² {r2}\nRMSE {np.sqrt((error**2).mean()):.3g}, MAE {np.abs(error).mean():.3g} eV"
