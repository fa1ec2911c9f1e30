"""Errors of predictions against measurements: RMSE, MAE, R², and the residual of each particle."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class PredictionErrors:
    """Errors over particles that have both a prediction and a measurement.

    Attributes
    ----------
    n : int
        Number of particles.
    rmse_ev, mae_ev : float
        Root mean square and mean of the absolute residual in eV; NaN without particles.
    r2 : float
        Share of the variance explained; NaN if all measured values are equal.
    """

    n: int
    rmse_ev: float
    mae_ev: float
    r2: float


def residuals_of(predictions: pd.DataFrame, target: str) -> pd.DataFrame:
    """Keep particles with both values, and add ``residual_ev`` = predicted − measured.

    Parameters
    ----------
    predictions : DataFrame
        The named query ``predictions``.
    target : str
        ``soc_ev``, ``heterogeneity_ev`` or ``polarization_ev``.
    """
    table = predictions.dropna(subset=[target, f"{target}_predicted"])
    return table.assign(residual_ev=table[f"{target}_predicted"] - table[target])


def prediction_errors(residuals: pd.DataFrame, target: str) -> PredictionErrors:
    """Compute the errors from the residuals of `residuals_of`.

    Examples
    --------
    >>> table = pd.DataFrame({"soc_ev": [1.0, 3.0], "soc_ev_predicted": [2.0, 3.0]})
    >>> prediction_errors(residuals_of(table, "soc_ev"), "soc_ev")
    PredictionErrors(n=2, rmse_ev=0.7071067811865476, mae_ev=0.5, r2=0.5)
    """
    residual = residuals["residual_ev"].to_numpy(dtype=float)
    measured = residuals[target].to_numpy(dtype=float)
    if not len(residual):
        return PredictionErrors(0, math.nan, math.nan, math.nan)
    spread = float(np.sum((measured - measured.mean()) ** 2))
    return PredictionErrors(
        n=len(residual),
        rmse_ev=float(np.sqrt(np.mean(residual**2))),
        mae_ev=float(np.mean(np.abs(residual))),
        r2=1.0 - float(np.sum(residual**2)) / spread if spread > 0 else math.nan,
    )
