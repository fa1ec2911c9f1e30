"""Solving the equations of a network: directly where they are few, else by conjugate gradients with multigrid.

Smoothed aggregation (pyamg) follows the connections of the network, so thin necks and large steps in conductivity are
kept on the coarse levels. The weights of its smoothed prolongation come from the rows of the matrix, not from a random
start, so the same image gives the same answer.
"""

import numpy as np
import pyamg
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import cg, splu

from cathograph.schema.errors import InputError

_DIRECT_UP_TO = 20_000
_TOLERANCE = 1e-10
_MOST_ITERATIONS = 500


def solve(
    matrix: sparse.csr_matrix, fed: NDArray[np.float64], *, direct: bool | None = None
) -> NDArray[np.float64]:
    """Solve a symmetric positive definite system.

    Parameters
    ----------
    matrix : csr_matrix of float64, shape (n, n)
        Conductances.
    fed : ndarray of float64, shape (n,)
        Currents.
    direct : bool, optional
        By factorization or by iteration; by default the size decides.

    Returns
    -------
    ndarray of float64, shape (n,)
        Potentials.

    Raises
    ------
    InputError
        When the iteration does not converge.
    """
    if direct is None:
        direct = matrix.shape[0] <= _DIRECT_UP_TO
    # Unit diagonal: conductances of good and bad conductors, which differ by decades, then weigh alike in the residual.
    scale = 1 / np.sqrt(matrix.diagonal())
    scaled = sparse.csr_matrix(sparse.diags(scale) @ matrix @ sparse.diags(scale))
    if direct:
        return np.asarray(scale * splu(scaled.tocsc()).solve(scale * fed))
    levels = pyamg.smoothed_aggregation_solver(
        scaled,
        B=(1 / scale)[:, None],
        strength=("symmetric", {"theta": 0.01}),
        smooth=("jacobi", {"weighting": "local"}),
        improve_candidates=None,
        max_coarse=500,
    )
    found, not_done = cg(
        scaled, scale * fed, rtol=_TOLERANCE, maxiter=_MOST_ITERATIONS, M=levels.aspreconditioner(cycle="V")
    )
    if not_done:
        msg = (
            f"Found no solution of the transport of {matrix.shape[0]} pixels within {_MOST_ITERATIONS} iterations; "
            "expected one. Conductivities that differ by fewer decades are easier."
        )
        raise InputError(msg)
    return np.asarray(scale * found)
