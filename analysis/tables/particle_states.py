"""The states of particles as tests and figures read them: without flagged ones, and without the noise of the fit.

Two things differ between particles without being a difference of their material. The window cuts the spread of a
particle whose energies lie near its end; such states are *flagged* and left out, and counted. And the noise of the fit
adds to every spread, most in small particles, which are thin; where the standard errors of all particles of a table
are known, ``heterogeneity_ev`` is read without it, from ``heterogeneity_corrected_ev``. Where one is missing, all are
read as they were measured, because a corrected spread cannot be compared with one that is not.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.analysis.tables.particle_table import STATES, numbers_of

HETEROGENEITY = "heterogeneity_ev"
CORRECTED = "heterogeneity_corrected_ev"
UNCUT = "heterogeneity_uncut_ev"
"""The spread of a particle: as measured, without the noise of the fit, and without the cut of the window."""


def states_of(
    table: pd.DataFrame, column: str, *, with_flagged: bool = False, with_noise: bool = False
) -> NDArray[np.float64]:
    """Read an outcome; a state that is flagged is no value, and the noise of the fit is taken away where it is known.

    Parameters
    ----------
    table : DataFrame
        The particle table; where it has columns ``flagged`` (true, false or null) and
        ``heterogeneity_corrected_ev``, these count.
    column : str
        Name of a state, or of any other number, which nothing of this concerns.
    with_flagged : bool
        Whether flagged states count all the same.
    with_noise : bool
        Whether heterogeneity is read as it was measured.

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
    if not with_flagged:
        values = np.where(flagged_states(table, column), np.nan, values)
    if column == HETEROGENEITY and not with_noise and _noise_is_known(table, values):
        return np.where(np.isnan(values), np.nan, numbers_of(table, CORRECTED))
    return values


def flagged_states(table: pd.DataFrame, column: str) -> NDArray[np.bool_]:
    """Tell whose state is flagged; for any other column no particle's is.

    Returns
    -------
    ndarray of bool, shape (rows,)
        True for particles that have a value which is flagged.

    Raises
    ------
    InputError
        As `cathograph.analysis.tables.particle_table.numbers_of`.
    """
    values = numbers_of(table, column)
    if column not in STATES or "flagged" not in table.columns:
        return np.zeros(len(table), dtype=np.bool_)
    flags: NDArray[np.bool_] = (numbers_of(table, "flagged") == 1) & ~np.isnan(values)
    return flags


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
    >>> table = pd.DataFrame({"heterogeneity_ev": [0.5, 0.4], "heterogeneity_corrected_ev": [0.3, 0.2]})
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
            "thin particles read too high. Maps of `cathograph xanes fit` hold the standard errors that correct it."
        ]
    uncut = numbers_of(table, UNCUT)[tested] if UNCUT in table else np.full(n, np.nan)
    cut = np.isfinite(uncut)
    if cut.any():
        gap = float(np.median(uncut[cut] - values[tested][cut]))
        said.append(
            f"The window cuts the energies of {int(cut.sum())} of these particles, by less than the share that is "
            f"flagged: half of them read at least {gap:.2f} eV too low."
        )
    return said


def _noise_is_known(table: pd.DataFrame, heterogeneity: NDArray[np.float64]) -> bool:
    if CORRECTED not in table.columns:
        return False
    measured = ~np.isnan(heterogeneity)
    return bool(measured.any() and np.isfinite(numbers_of(table, CORRECTED)[measured]).all())
