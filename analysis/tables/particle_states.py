"""The states of particles as tests and figures read them: without flagged ones, cut and noise of the fit.

Two things differ between particles without being a difference of their material.

The window *cuts* the energies of a particle that lie near its end, so mean and spread of what is left are wrong. Where
more than a tenth is dropped, the state is flagged and left out, and counted. Where less is cut, the estimate for the
whole (``soc_uncut_ev``, ``heterogeneity_uncut_ev``) takes the place of the value; where there is none, the state is
left out too.

The *noise of the fit* adds to every spread, most in small particles, which are thin. Where it is known for all
particles of a table, heterogeneity is read without it. Where it is missing for one, none is corrected, because a
corrected spread cannot be compared with one that is not.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.analysis.tables.particle_table import STATES, numbers_of

HETEROGENEITY = "heterogeneity_ev"
CORRECTED = "heterogeneity_corrected_ev"
FIT_NOISE = "fit_noise_ev"
"""The spread of a particle as measured, that without the noise of the fit, and this noise."""

_UNCUT = {"soc_ev": "soc_uncut_ev", HETEROGENEITY: "heterogeneity_uncut_ev"}
_WHY_NOT_UNCUT = "uncut_reason"


def states_of(
    table: pd.DataFrame, column: str, *, with_flagged: bool = False, with_noise: bool = False
) -> NDArray[np.float64]:
    """Read an outcome: without flagged states, the cut of the window and, where it is known, the noise of the fit.

    Parameters
    ----------
    table : DataFrame
        The particle table. Of the query `states` it may have ``flagged``, ``soc_uncut_ev``,
        ``heterogeneity_uncut_ev``, ``uncut_reason``, ``heterogeneity_corrected_ev`` and ``fit_noise_ev``.
    column : str
        Name of a state, or of any other number, which nothing of this concerns.
    with_flagged : bool
        Whether flagged and cut states count all the same, as they were measured.
    with_noise : bool
        Whether heterogeneity is read with the noise of the fit.

    Returns
    -------
    ndarray of float64, shape (rows,)

    Raises
    ------
    InputError
        As `cathograph.analysis.tables.particle_table.numbers_of`.

    Examples
    --------
    >>> table = pd.DataFrame({"soc_ev": [8343.0, 8347.5], "area_um2": [1.0, 2.0], "flagged": [None, True]})
    >>> states_of(table, "soc_ev").tolist(), states_of(table, "area_um2").tolist()
    ([8343.0, nan], [1.0, 2.0])
    """
    values = numbers_of(table, column)
    if column not in STATES:
        return values
    whole = np.full(len(table), np.nan) if with_flagged else _estimates_for_the_whole(table, column)
    if not with_flagged:
        values = np.where(flagged_states(table, column), np.nan, np.where(np.isnan(whole), values, whole))
    if column == HETEROGENEITY and not with_noise and _noise_is_known(table, values):
        of_whole = np.sqrt(np.maximum(whole**2 - numbers_of(table, FIT_NOISE) ** 2, 0))
        corrected = np.where(np.isnan(whole), numbers_of(table, CORRECTED), of_whole)
        return np.where(np.isnan(values), np.nan, corrected)
    return values


def flagged_states(table: pd.DataFrame, column: str) -> NDArray[np.bool_]:
    """Tell whose state is left out: flagged, or cut by the window so that the whole cannot be told.

    Returns
    -------
    ndarray of bool, shape (rows,)
        True for particles that have a value which is left out; for any other column none.

    Raises
    ------
    InputError
        As `cathograph.analysis.tables.particle_table.numbers_of`.
    """
    values = numbers_of(table, column)
    if column not in STATES or "flagged" not in table.columns:
        return np.zeros(len(table), dtype=np.bool_)
    flags: NDArray[np.bool_] = numbers_of(table, "flagged") == 1
    if column in _UNCUT and _WHY_NOT_UNCUT in table.columns:
        flags = flags | table[_WHY_NOT_UNCUT].notna().to_numpy(dtype=np.bool_)
    return flags & ~np.isnan(values)


def as_tested(table: pd.DataFrame) -> pd.DataFrame:
    """Give the table with the states that the tests see, so that figures show the same values.

    Selections are tested one by one, so each is read by itself.

    Raises
    ------
    InputError
        As `cathograph.analysis.tables.particle_table.numbers_of`.
    """
    present = [state for state in STATES if state in table.columns]
    read = {state: np.full(len(table), np.nan) for state in present}
    names = (
        table["selection"].astype(str).to_numpy() if "selection" in table.columns else np.zeros(len(table))
    )
    for name in np.unique(names):
        rows = np.flatnonzero(names == name)
        for state in present:
            read[state][rows] = states_of(table.iloc[rows], state)
    return table.assign(**read)


def is_corrected(table: pd.DataFrame) -> bool:
    """Tell whether tests read heterogeneity without the noise of the fit."""
    return _noise_is_known(table, states_of(table, HETEROGENEITY, with_noise=True))


def describe_spread(table: pd.DataFrame) -> list[str]:
    """Say what the heterogeneity that is tested contains besides that of the particles.

    Parameters
    ----------
    table : DataFrame
        The particle table.

    Returns
    -------
    list of str
        Sentences; none where no particle has a state.

    Examples
    --------
    >>> table = pd.DataFrame({"heterogeneity_ev": [0.5, 0.4], "heterogeneity_corrected_ev": [0.3, 0.2],
    ...                       "fit_noise_ev": [0.4, 0.3]})
    >>> describe_spread(table)
    ['Heterogeneity is given without the noise of the fit, which is known for all 2 particles.']
    """
    values = states_of(table, HETEROGENEITY, with_noise=True)
    tested = ~np.isnan(values)
    n = int(tested.sum())
    if n == 0:
        return []
    if is_corrected(table):
        said = [f"Heterogeneity is given without the noise of the fit, which is known for all {n} particles."]
    else:
        unknown = n - (
            int(np.isfinite(numbers_of(table, CORRECTED)[tested]).sum()) if CORRECTED in table else 0
        )
        said = [
            f"Heterogeneity contains the noise of the fit, which is unknown for {unknown} of {n} particles: small and "
            "thin particles read too high. Maps made by cathograph xanes fit hold the standard errors that correct it."
        ]
    cut = tested & (values != numbers_of(table, HETEROGENEITY))
    if cut.any():
        said.append(
            f"The window cuts the energies of {int(cut.sum())} of these particles; their mean and spread are estimates "
            "for the whole (maximum likelihood)."
        )
    return said


def _estimates_for_the_whole(table: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """Read what stands in the place of a value that the window cuts; NaN where nothing does."""
    name = _UNCUT.get(column, "")
    return numbers_of(table, name) if name in table.columns else np.full(len(table), np.nan)


def _noise_is_known(table: pd.DataFrame, heterogeneity: NDArray[np.float64]) -> bool:
    if not {CORRECTED, FIT_NOISE}.issubset(table.columns):
        return False
    measured = ~np.isnan(heterogeneity)
    return bool(measured.any() and np.isfinite(numbers_of(table, CORRECTED)[measured]).all())
