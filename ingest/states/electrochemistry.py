"""The electrochemical state of every NMC particle, from a map of edge energies.

The pixels are summed up first (`cathograph.ingest.states.pixel_sums`); peaks are then found for all histograms at once
(`cathograph.ingest.states.peak_distance`).

Beside mean, spread and peaks stand what the spread would be without the noise of the fit
(`cathograph.ingest.states.noise_correction`) and without the cut of the window
(`cathograph.ingest.states.truncated_normal`).

A value is a relative edge shift, not a lithium content.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.ingest.options import StateMethod
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.states.map_placement import MapPlacement
from cathograph.ingest.states.noise_correction import correct_for_noise
from cathograph.ingest.states.peak_distance import peak_distances
from cathograph.ingest.states.pixel_sums import PixelSums, sum_up
from cathograph.ingest.states.truncated_normal import fit_truncated_normals
from cathograph.schema.composites import Role
from cathograph.schema.errors import InputImageError

NO_VALUES = "no valid pixel"
TOO_FEW = "too few valid pixels"
ONE_SIDE = "more than two peaks, all on one side of the reference energy"
COARSE_STEPS = "the energies lie on steps that are too coarse for the histogram"
MOSTLY_DROPPED = "too many pixels lie outside of the window"

LEAST_CUT = 0.01
"""Share of dropped pixels from which on the window may cut a particle's energies."""

LEAST_AT_END = 0.05
"""Height of the histogram at that end of the window, over its highest: below it, the pixels outside are failed fits."""

MOST_CUT = 0.35
"""Share above which what is left does not tell the whole."""


@dataclass(frozen=True, eq=False)
class ParticleStates:
    """States of all NMC of an image.

    Attributes
    ----------
    table : DataFrame
        One row per NMC, labels ascending: ``label`` and the properties of `cathograph.schema.relationships.STATE`.
    n_infinite : int
        Values in NMC that were infinite; they count as missing.
    """

    table: pd.DataFrame
    n_infinite: int


def measure_states(
    image: Regions,
    energy_ev: NDArray[np.floating],
    method: StateMethod | None = None,
    *,
    placement: MapPlacement | None = None,
    standard_error_ev: NDArray[np.floating] | None = None,
    coarse_steps: bool = False,
) -> ParticleStates:
    """Compute the state of every NMC particle.

    Parameters
    ----------
    image : Regions
        Regions and their phases.
    energy_ev : ndarray of float32 or float64, shape (y, x) or (z, y, x)
        Edge energy per pixel in eV; NaN (or infinite) where there is none.
    method : StateMethod, optional
        Window, reference energy, histogram.
    placement : MapPlacement, optional
        Position of the map; by default pixel on pixel.
    standard_error_ev : ndarray of float32 or float64, shape of `energy_ev`, optional
        Standard error of each energy in eV, NaN where it is not known.
    coarse_steps : bool
        The energies lie on steps that the histogram would turn into peaks
        (`cathograph.ingest.states.energy_resolution`): no polarization then.

    Returns
    -------
    ParticleStates

    Raises
    ------
    InputImageError
        When the map has not the shape that the placement (or the image) says, or the standard errors have not that
        of the map.

    Notes
    -----
    Paper, electrochemical state: mean (soc_ev), standard deviation (heterogeneity_ev; of all pixels, so
    divided by n), peak distance (polarization_ev). Ours: standard errors, soc_se = s / √n with s divided by
    n - 1; heterogeneity_se = √((m4 - m2²) / n) / (2 √m2) with the central moments m2 and m4, which needs no
    normal distribution. Both take pixels as independent; neighbouring pixels are not, so the true errors
    are larger.

    Examples
    --------
    One particle of four pixels, one of them outside of the window:

    >>> image = Regions(np.array([[1, 1], [1, 1]], np.int32), np.array([1]),
    ...                       np.array([2], np.uint8))
    >>> states = measure_states(image, np.array([[8343.0, 8344.0], [8345.0, 8350.0]]), StateMethod(min_pixels=2))
    >>> row = states.table.iloc[0]
    >>> float(row.soc_ev), round(float(row.heterogeneity_ev), 4), int(row.n_valid), float(row.dropped_fraction)
    (8344.0, 0.8165, 3, 0.25)
    """
    how = StateMethod() if method is None else method
    place = MapPlacement.same_grid(image.labels.shape) if placement is None else placement
    if energy_ev.shape != place.map_shape or image.labels.shape != place.image_shape:
        msg = (
            f"Found a map of shape {energy_ev.shape} and an image of shape {image.labels.shape}; expected "
            f"{place.map_shape} and {place.image_shape}. Match them first (cathograph.ingest.states.map_matching)."
        )
        raise InputImageError(msg)
    if standard_error_ev is not None and standard_error_ev.shape != energy_ev.shape:
        msg = (
            f"Found standard errors of shape {standard_error_ev.shape} for a map of shape {energy_ev.shape}; expected "
            "one for each energy. Fit the map again, or leave its standard errors out."
        )
        raise InputImageError(msg)
    nmc = image.positions_with(Role.ACTIVE)
    sums = sum_up(image, energy_ev, standard_error_ev, how, place, nmc)
    table = _as_table(image.region_labels[nmc], sums, how, coarse_steps=coarse_steps)
    return ParticleStates(table, int(sums.n_infinite[0]))


def _as_table(
    labels: NDArray[np.int64], sums: PixelSums, how: StateMethod, *, coarse_steps: bool
) -> pd.DataFrame:
    n = sums.n_valid
    enough = n >= how.min_pixels
    divisor = np.maximum(n, 1)
    variance, fourth = sums.second / divisor, sums.fourth / divisor
    deviation = np.sqrt(variance)
    of_deviation = np.sqrt(np.maximum(fourth - variance**2, 0) / divisor)
    peaks = peak_distances(
        sums.histograms,
        smoothing_bins=how.smoothing_bins,
        threshold=how.peak_threshold,
        reference_bins=(how.reference_ev - how.window_ev[0]) / how.bin_ev - 0.5,
    )
    measured = n + sums.n_outside
    dropped = np.where(measured > 0, sums.n_outside / np.maximum(measured, 1), np.nan)
    missing = np.clip(1 - sums.covered, 0, 1)
    one_side = enough & np.isnan(peaks.distance_bins)
    most = how.max_dropped_fraction
    with_peaks = enough & (not coarse_steps)
    n_peaks = pd.array(peaks.n_peaks, dtype="Int64")
    n_peaks[~with_peaks] = pd.NA
    below = np.where(measured > 0, sums.n_below / np.maximum(measured, 1), np.nan)
    return pd.DataFrame(
        {
            "label": labels,
            "soc_ev": np.where(enough, sums.mean, np.nan),
            "heterogeneity_ev": np.where(enough, deviation, np.nan),
            "polarization_ev": np.where(with_peaks, peaks.distance_bins * how.bin_ev, np.nan),
            "soc_se_ev": np.where(enough, np.sqrt(sums.second / np.maximum(n - 1, 1) / divisor), np.nan),
            "heterogeneity_se_ev": np.where(
                enough,
                np.divide(of_deviation, 2 * deviation, out=np.zeros(len(n)), where=deviation > 0),
                np.nan,
            ),
            "n_valid": n,
            "dropped_fraction": dropped,
            "missing_fraction": missing,
            "n_peaks": n_peaks,
            "flagged": ~enough | (dropped > most) | (missing > most),
            "reason": pd.Series(
                np.select(
                    [n == 0, ~enough, ~with_peaks, one_side],
                    [NO_VALUES, TOO_FEW, COARSE_STEPS, ONE_SIDE],
                    default="",
                ),
                dtype=object,
            ).replace("", None),
            "dropped_below_fraction": below,
            **correct_for_noise(sums.noise, n, enough),
            **_uncut(sums, variance, dropped, how, enough),
        }
    )


def _is_high_at_end(sums: PixelSums) -> NDArray[np.bool_]:
    """Tell whose energies still are frequent at an end of the window beyond which some lie."""
    width = max(1, sums.histograms.shape[1] // 16)
    running = np.lib.stride_tricks.sliding_window_view(sums.histograms, width, axis=1).sum(axis=2)
    least = LEAST_AT_END * running.max(axis=1)
    below, above = sums.n_below > 0, sums.n_outside > sums.n_below
    return np.asarray((below & (running[:, 0] > least)) | (above & (running[:, -1] > least)))


def _uncut(
    sums: PixelSums,
    variance: NDArray[np.float64],
    dropped: NDArray[np.float64],
    how: StateMethod,
    enough: NDArray[np.bool_],
) -> dict[str, pd.Series]:
    """Estimate mean and spread of the particles that the window cuts; null for the others."""
    n = len(enough)
    mean, spread, error = np.full((3, n), np.nan)
    reason = np.full(n, "", dtype=object)
    cut = enough & (dropped >= LEAST_CUT) & _is_high_at_end(sums)
    reason[cut & (dropped > MOST_CUT)] = MOSTLY_DROPPED
    at = np.flatnonzero(cut & (dropped <= MOST_CUT))
    if at.size:
        fitted = fit_truncated_normals(
            sums.n_valid[at], sums.mean[at], variance[at], sums.histograms[at], how.window_ev
        )
        mean[at], spread[at], error[at] = fitted.mean_ev, fitted.spread_ev, fitted.spread_se_ev
        reason[at] = fitted.reason
    return {
        "soc_uncut_ev": pd.Series(mean),
        "heterogeneity_uncut_ev": pd.Series(spread),
        "heterogeneity_uncut_se_ev": pd.Series(error),
        "uncut_reason": pd.Series(reason, dtype=object).replace("", None),
    }
