"""Single values of a spectrum that cannot be right: found along the energy, left out, and bridged.

A detector leaves dead values (programs write 0 or NaN in their place), values that repeat, and zingers: one hot value
of an otherwise good spectrum. A value is compared with what its neighbours predict: the cubic through two values on
each side, or the line through one where energy steps change. It is left out where the difference is above

    5 σ ‖w‖ + 1.5 J u   and   0.1 R,

with σ the noise of the pixel (median absolute deviation of all differences, so that outliers do not raise it), ‖w‖ the
factor by which prediction enlarges noise, J the edge jump, R the range of the pixel's values but the lowest and the
highest, and u what the edge itself differs from the prediction, per jump: the 90 % quantile over pixels of the whole
stack. The largest difference goes first, and the rest is judged again without it, since one outlier spoils the
predictions of its neighbours.

A 0 and a run of equal values are suspected by themselves: they are left out at 3 σ ‖w‖, judged by the other values,
unless they are too many, as in a spectrum clipped at 0. A pixel is dead of which more than a tenth of the values is
bad, or more than two in a row. A value that is left out is bridged by its prediction, so that the fits, which are
fixed matrices, stay as fast as they are; the standard errors count it as measured.

Nearly all pixels have nothing to find. A screen, over pixels side by side, picks the few that are looked at.
"""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.stacks.energy_stack import EnergyStack

Float64s = NDArray[np.float64]
Float32s = NDArray[np.float32]
Int64s = NDArray[np.int64]
Bools = NDArray[np.bool_]

LEAST_ENERGIES = 8
"""With fewer, no value can be told to be wrong, and a missing one makes the pixel dead."""

MOST_SHARE = 0.1
"""Share of a pixel's values that may be left out."""

SIGMAS = 5.0
"""Difference from the prediction, in standard deviations of noise, that noise does not reach."""
STRUCTURE = 1.5
"""How far an edge may exceed the structure that 90 % of the edges have."""
_QUANTILE = 0.9
_LEAST_THERE = 0.5  # of a sampled pixel's values
_SAMPLED_ROWS = 32
_SAMPLED_PIXELS = 4096
MAD_TO_SIGMA = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""
LEAST_RUN = 4
"""Equal values in a row that are suspected."""
_SCREEN = 5.0  # times the mean difference: 4 σ of noise alone
_LEAST_SCREENED = 24  # with fewer energies one outlier dominates that mean
NODES = 4
"""Values that a prediction takes at most."""
_MOST_SQUARES = 1.6  # 0.9 with even steps, 1.4 next to a gap of one
_NOISE_OF_EDGE = 5.0


@dataclass(frozen=True)
class BadValuePlan:
    """How values are predicted from their neighbours at the energies of a stack.

    Attributes
    ----------
    energies_ev : ndarray of float64, shape (n,)
        Photon energies.
    nodes : ndarray of int64, shape (n, 4)
        The neighbours of each energy.
    weights : ndarray of float32, shape (n, 4)
        What each of them counts in its prediction; 0 where there are fewer.
    norms : ndarray of float32, shape (n,)
        Standard deviation of the difference for noise of 1, ‖w‖.
    structure : ndarray of float32, shape (n,)
        What an edge differs from its predictions beyond the noise, per edge jump; u.
    most : int
        Values of a pixel that may be left out.
    """

    energies_ev: Float64s
    nodes: Int64s
    weights: Float32s
    norms: Float32s
    structure: Float32s
    most: int


def plan_bad_values(stack: EnergyStack) -> BadValuePlan:
    """Prepare for a stack: its energies, and how its edges look to the predictions.

    Parameters
    ----------
    stack : EnergyStack
        Absorbance; up to 32 rows of it are read.

    Returns
    -------
    BadValuePlan
        For `screen_spectra` and `mend_spectra`.
    """
    n, height, width = stack.shape
    energies = stack.energies_ev
    nodes = np.zeros((n, NODES), dtype=np.int64)
    weights = np.zeros((n, NODES))
    usable = np.ones(n, dtype=np.bool_)
    for k in range(n):
        predict_from(energies, usable, k, nodes[k], weights[k])
    norms = np.sqrt(1 + (weights**2).sum(axis=1))
    structure = np.zeros(n)
    if n >= LEAST_ENERGIES:
        rows = np.unique(np.linspace(0, height - 1, min(_SAMPLED_ROWS, height)).astype(int))
        step = max(1, rows.size * width // _SAMPLED_PIXELS)
        parts = [stack.read_rows(row, row + 1)[:, 0, ::step] for row in rows]
        structure = _structure(np.concatenate(parts, axis=1).astype(np.float64), nodes, weights, norms)
    most = int(MOST_SHARE * n) if n >= LEAST_ENERGIES else 0
    if n >= LEAST_ENERGIES:
        most = max(most, 1)
    return BadValuePlan(
        energies,
        nodes,
        weights.astype(np.float32),
        norms.astype(np.float32),
        structure.astype(np.float32),
        most,
    )


def _structure(sample: Float64s, nodes: Int64s, weights: Float64s, norms: Float64s) -> Float64s:
    """Measure on spectra (n, pixels) how far edges are from their predictions, in jumps."""
    there = np.isfinite(sample) & (sample != 0)
    most_are = there.mean(axis=0) > _LEAST_THERE
    sample, there = sample[:, most_are], there[:, most_are]
    places = np.arange(len(sample))
    for pixel in np.flatnonzero(~there.all(axis=0)):
        where = there[:, pixel]
        sample[:, pixel] = np.interp(places, places[where], sample[where, pixel])
    differences = np.abs(sample - (weights[:, :, None] * sample[nodes]).sum(axis=1))
    noise = MAD_TO_SIGMA * np.median(differences / norms[:, None], axis=0)
    quarter = max(len(sample) // 4, 1)
    jump = np.median(sample[-quarter:], axis=0) - np.median(sample[:quarter], axis=0)
    with_edge = jump > _NOISE_OF_EDGE * noise * np.sqrt(2 / quarter)
    if not with_edge.any():
        return np.zeros(len(sample))
    beyond = differences - SIGMAS * noise * norms[:, None]
    beyond = np.maximum(beyond[:, with_edge], 0) / jump[with_edge]
    return np.asarray(np.quantile(beyond, _QUANTILE, axis=1))


@numba.njit(nogil=True, cache=True)
def _interpolate(
    energies: Float64s, usable: Bools, k: int, each_side: int, nodes: Int64s, weights: Float64s
) -> int:
    """Fill nodes and weights of the polynomial through the nearest usable values, up to 1 or 2 each side."""
    count = 0
    for side in (-1, 1):
        place = k + side
        taken = 0
        while 0 <= place < energies.size and taken < each_side:
            if usable[place]:
                nodes[count] = place
                count += 1
                taken += 1
            place += side
    for i in range(count):
        weight = 1.0
        for j in range(count):
            if j != i:
                weight *= (energies[k] - energies[nodes[j]]) / (energies[nodes[i]] - energies[nodes[j]])
        weights[i] = weight
    return count


@numba.njit(nogil=True, cache=True)
def predict_from(energies: Float64s, usable: Bools, k: int, nodes: Int64s, weights: Float64s) -> int:
    """Fill the nodes and weights of the prediction at k; returns their number, 0 where too few are usable."""
    count = _interpolate(energies, usable, k, 2, nodes, weights)
    squares = 0.0
    for i in range(count):
        squares += weights[i] ** 2
    # Where steps of different size meet, a cubic enlarges the errors of its nodes.
    if squares > _MOST_SQUARES and count > 2:
        count = _interpolate(energies, usable, k, 1, nodes, weights)
    for i in range(count, NODES):
        nodes[i] = k
        weights[i] = 0.0
    return count if count >= 2 else 0


@numba.njit(nogil=True, cache=True, fastmath={"contract", "reassoc", "nsz"})
def screen_spectra(
    flat: Float32s,
    first: int,
    nodes: Int64s,
    weights: Float32s,
    norms: Float32s,
    structure: Float32s,
    suspect: Bools,
) -> None:
    """Tell which of the pixels first … of (n, pixels) have to be looked at; the others have no bad value."""
    n = flat.shape[0]
    n_pixels = suspect.size
    quarter = max(n // 4, 1)
    zero = np.float32(0)
    jump = np.zeros(n_pixels, dtype=np.float32)
    total = np.zeros(n_pixels, dtype=np.float32)
    highest = np.zeros(n_pixels, dtype=np.float32)
    odd = np.zeros(n_pixels, dtype=np.int32)
    for k in range(quarter):
        low = flat[k, first : first + n_pixels]
        high = flat[n - 1 - k, first : first + n_pixels]
        for p in range(n_pixels):
            jump[p] += high[p] - low[p]
    for p in range(n_pixels):
        jump[p] = max(jump[p] / np.float32(quarter), zero)
    for k in range(n):
        here = flat[k, first : first + n_pixels]
        before = flat[max(k - 1, 0), first : first + n_pixels]
        a = flat[nodes[k, 0], first : first + n_pixels]
        b = flat[nodes[k, 1], first : first + n_pixels]
        c = flat[nodes[k, 2], first : first + n_pixels]
        d = flat[nodes[k, 3], first : first + n_pixels]
        scale = np.float32(1) / norms[k]
        wa, wb, wc, wd = (
            weights[k, 0] * scale,
            weights[k, 1] * scale,
            weights[k, 2] * scale,
            weights[k, 3] * scale,
        )
        allowed = np.float32(STRUCTURE) * structure[k] * scale
        same = 1 if k > 0 else 0
        for p in range(n_pixels):
            z = abs(here[p] * scale - (wa * a[p] + wb * b[p] + wc * c[p] + wd * d[p]))
            total[p] += z
            highest[p] = max(highest[p], z - allowed * jump[p])
            odd[p] += (same if here[p] == before[p] else 0) + (LEAST_RUN if here[p] == zero else 0)
    limit = np.float32(_SCREEN / n if n >= _LEAST_SCREENED else 0.0)
    for p in range(n_pixels):
        # A missing value makes the sum NaN.
        suspect[p] = (
            odd[p] >= LEAST_RUN - 1 or not (highest[p] <= limit * total[p]) or not np.isfinite(total[p])
        )
