"""Many tests at once: p values corrected for the size of their family.

Six comparisons, or forty correlations, find something by chance. Benjamini and Hochberg (1995)
bound the share of false findings among the findings; a *family* is all tests that one table or
figure shows, and it is the caller who says so.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.stats.multitest import multipletests

from cathograph.schema.errors import InputError


def correct_family(p_values: Sequence[float] | NDArray[np.float64] | pd.Series) -> NDArray[np.float64]:
    """Correct the p values of one family after Benjamini and Hochberg.

    Parameters
    ----------
    p_values : sequence of float, shape (m,)
        NaN where a test had no answer; such a test is no member of the family.

    Returns
    -------
    ndarray of float64, shape (m,)
        Below 0.05 where the finding stands at a false discovery rate of 5 %; NaN stays NaN.

    Raises
    ------
    InputError
        When a value is not between 0 and 1.

    Notes
    -----
    Benjamini and Hochberg 1995. Valid for independent tests and for positively dependent ones,
    which tests on the same particles usually are.

    Examples
    --------
    >>> correct_family([0.01, 0.02, 0.04]).round(6).tolist()
    [0.03, 0.03, 0.04]
    """
    p = np.asarray(p_values, dtype=np.float64)
    known = ~np.isnan(p)
    outside = p[known & ((p < 0) | (p > 1))]
    if outside.size:
        msg = (
            f"Found a p value of {outside[0]:g}; expected 0 to 1, or NaN for a test without answer. "
            "Correct it."
        )
        raise InputError(msg)
    out = np.full(p.shape, np.nan)
    if known.any():
        out[known] = multipletests(p[known], method="fdr_bh")[1]
    return out
