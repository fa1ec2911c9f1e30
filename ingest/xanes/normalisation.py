"""Normalised absorption: the pre-edge line to 0, the post-edge curve to 1 at the edge.

Per pixel, with a straight line p(E) through the energies before the edge and a line or
polynomial q(E) through those after it, jump J = q(E₀) − p(E₀) and μ(E) = (A(E) − p(E))/J, as in
Athena (Ravel and Newville 2005) without flattening. E₀ is one energy for all pixels, because the
edge of each pixel is not known yet, and J hardly depends on it. Both fits are linear in A
with the same energies in every pixel, so each is one small matrix, made once.

The noise of a pixel is the standard deviation about its pre-edge line.
"""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.options import USUAL, EdgeDefaults, FitOptions
from cathograph.schema.errors import InputError

Float64s = NDArray[np.float64]

_LEAST_PRE = 3  # a line through two points leaves nothing to tell noise from


@dataclass(frozen=True)
class Normalisation:
    """Where the pre-edge and post-edge fits lie. The defaults are for the Ni K edge; `of` gives those of any.

    Attributes
    ----------
    pre_ev : (float, float)
        First and last energy in eV of the pre-edge line. Ends before the pre-edge peak.
    post_ev : (float, float)
        First and last energy in eV of the post-edge curve. Starts where the fine structure
        has calmed down.
    post_degree : int
        Degree of the post-edge polynomial, 0 to 3.
    edge_ev : float
        E₀, the energy in eV at which the jump is taken.
    """

    pre_ev: tuple[float, float] = USUAL.pre_ev
    post_ev: tuple[float, float] = USUAL.post_ev
    post_degree: int = FitOptions().post_degree
    edge_ev: float = USUAL.reference_ev

    @classmethod
    def of(cls, defaults: EdgeDefaults, options: FitOptions) -> "Normalisation":
        """Take what was chosen, and the defaults of the edge for the rest."""
        return cls(
            options.pre_ev or defaults.pre_ev,
            options.post_ev or defaults.post_ev,
            options.post_degree,
            defaults.reference_ev,
        )


@dataclass(frozen=True)
class NormalisationPlan:
    """Matrices of a normalisation over certain energies.

    Attributes
    ----------
    pre_span, post_span : (int, int)
        First energy of the fit, and one past its last.
    pre_lines : ndarray of float64, shape (2, pre)
        From absorbance to constant and slope of the line, over energies minus E₀.
    post_jump : ndarray of float64, shape (post,)
        From absorbance to the post-edge curve at E₀.
    from_edge_ev : ndarray of float64, shape (n,)
        Energies minus E₀.
    edge_ev : float
        E₀ in eV.
    """

    pre_span: tuple[int, int]
    post_span: tuple[int, int]
    pre_lines: Float64s
    post_jump: Float64s
    from_edge_ev: Float64s
    edge_ev: float

    @property
    def jump_error(self) -> float:
        """Standard error of the jump, in units of the noise: large where ranges are short or far from E₀.

        The jump is a sum of absorbances with fixed weights, so independent noise adds up in squares.
        """
        return float(np.sqrt(np.sum(self.post_jump**2) + np.sum(self.pre_lines[0] ** 2)))


def plan_normalisation(normalisation: Normalisation, energies_ev: Float64s) -> NormalisationPlan:
    """Prepare the fits of a normalisation for the energies of a stack.

    Parameters
    ----------
    normalisation : Normalisation
        Ranges and degree.
    energies_ev : ndarray of float64, shape (n,)
        Strictly increasing, in eV.

    Returns
    -------
    NormalisationPlan
        For `normalise_spectra`.

    Raises
    ------
    InputError
        Ranges that overlap or are out of order, a degree outside 0–3, or too few energies in a range.
    """
    how = normalisation
    if not how.pre_ev[0] < how.pre_ev[1] <= how.edge_ev <= how.post_ev[0] < how.post_ev[1]:
        msg = (
            f"Found pre-edge {how.pre_ev}, edge {how.edge_ev:g} and post-edge {how.post_ev} eV; expected "
            "them in this order, without overlap."
        )
        raise InputError(msg)
    if how.post_degree not in range(4):
        msg = f"Found a post-edge polynomial of degree {how.post_degree}; expected 0 to 3."
        raise InputError(msg)
    from_edge = energies_ev - how.edge_ev
    pre = _span(energies_ev, how.pre_ev, _LEAST_PRE, "before the edge", "`pre_ev`")
    post = _span(energies_ev, how.post_ev, how.post_degree + 1, "after the edge", "`post_ev`")
    scale = 100.0  # keeps the powers of hundreds of eV of one size
    powers = np.vander(from_edge[slice(*post)] / scale, how.post_degree + 1, increasing=True)
    return NormalisationPlan(
        pre,
        post,
        np.asarray(np.linalg.pinv(np.vander(from_edge[slice(*pre)], 2, increasing=True)), dtype=np.float64),
        np.asarray(np.linalg.pinv(powers)[0], dtype=np.float64),
        from_edge,
        how.edge_ev,
    )


def normalise_spectra(spectra: Float64s, plan: NormalisationPlan) -> tuple[Float64s, Float64s]:
    """Normalise spectra in place.

    Parameters
    ----------
    spectra : ndarray of float64, shape (pixels, n)
        Absorbance; overwritten by the normalised absorption, NaN where the jump is not above 0.
    plan : NormalisationPlan
        From `plan_normalisation`.

    Returns
    -------
    jump, noise : ndarray of float64, shape (pixels,)
        Edge jump J, and standard deviation about the pre-edge line, both in absorbance.
    """
    jump = np.empty(len(spectra))
    noise = np.empty(len(spectra))
    _normalise(
        spectra,
        *plan.pre_span,
        *plan.post_span,
        plan.pre_lines,
        plan.post_jump,
        plan.from_edge_ev,
        jump,
        noise,
    )
    return jump, noise


def _span(
    energies_ev: Float64s, range_ev: tuple[float, float], least: int, where: str, option: str
) -> tuple[int, int]:
    """Return the first energy within a range and one past the last."""
    first = int(np.searchsorted(energies_ev, range_ev[0], side="left"))
    end = int(np.searchsorted(energies_ev, range_ev[1], side="right"))
    if end - first < least:
        msg = (
            f"Found {end - first} of the {energies_ev.size} energies ({energies_ev[0]:g} to "
            f"{energies_ev[-1]:g} eV) within {range_ev[0]:g} to {range_ev[1]:g} eV {where}; expected at least "
            f"{least} to normalise. Set {option} to where the stack has energies, or take the absorbance as it is "
            "with `normalised` off."
        )
        raise InputError(msg)
    return first, end


@numba.njit(nogil=True, cache=True)
def _normalise(
    spectra: Float64s,
    pre_first: int,
    pre_end: int,
    post_first: int,
    post_end: int,
    pre_lines: Float64s,
    post_jump: Float64s,
    from_edge: Float64s,
    jump: Float64s,
    noise: Float64s,
) -> None:
    for pixel in range(spectra.shape[0]):
        spectrum = spectra[pixel]
        constant = 0.0
        slope = 0.0
        for i in range(pre_first, pre_end):
            constant += pre_lines[0, i - pre_first] * spectrum[i]
            slope += pre_lines[1, i - pre_first] * spectrum[i]
        after = 0.0
        for i in range(post_first, post_end):
            after += post_jump[i - post_first] * spectrum[i]
        squares = 0.0
        for i in range(pre_first, pre_end):
            squares += (spectrum[i] - constant - slope * from_edge[i]) ** 2
        noise[pixel] = np.sqrt(squares / (pre_end - pre_first - 2))
        height = after - constant
        jump[pixel] = height
        scale = 1.0 / height if height > 0.0 else np.nan
        for i in range(spectrum.size):
            spectrum[i] = (spectrum[i] - constant - slope * from_edge[i]) * scale
