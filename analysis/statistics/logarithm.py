"""The logarithm before an analysis of variance, with the zeros said aloud.

Polarization is exactly 0 for a particle whose energies have one peak, and ln 0 is not defined.
The paper takes logs and reports 346 residual degrees of freedom = 350 - 4, so it dropped no
particle: hence ``log1p``, ln(1 + value in eV), is the default. It depends on the unit: eV.
``ln`` leaves the zeros out; either way their number is part of the result.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cathograph.schema.errors import InputError

Log = Literal["log1p", "ln"]


@dataclass(frozen=True)
class Logged:
    """Values after the logarithm.

    Attributes
    ----------
    logs : ndarray of float64, shape (n,)
        NaN where a value was missing or left out.
    n_zeros : int
        Values that were exactly zero.
    n_left_out : int
        Zeros that had to be left out (``ln`` only).
    """

    logs: NDArray[np.float64]
    n_zeros: int
    n_left_out: int


def take_log(values: NDArray[np.float64], kind: Log, name: str) -> Logged:
    """Take the logarithm of values that must not be negative.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        In eV; NaN where missing.
    kind : {"log1p", "ln"}
        Which logarithm.
    name : str
        Column, for messages.

    Returns
    -------
    Logged

    Raises
    ------
    InputError
        When a value is negative, or `kind` is neither of the two.
    """
    if kind not in ("log1p", "ln"):
        msg = f"Found log={kind!r}; expected 'log1p' or 'ln'. Name one of them."
        raise InputError(msg)
    negative = values[values < 0]
    if negative.size:
        msg = (
            f"Found {negative.size} negative values in column {name}, the first is {negative[0]:g}; "
            "expected none, a logarithm is taken. Correct them."
        )
        raise InputError(msg)
    zeros = values == 0
    n_zeros = int(zeros.sum())
    if kind == "log1p":
        return Logged(np.log1p(values), n_zeros, 0)
    return Logged(np.log(np.where(zeros, np.nan, values)), n_zeros, n_zeros)
