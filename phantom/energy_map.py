"""Maps of the Ni K-edge energy over a phantom, with each particle's electrochemical state known.

A particle's values are laid down as the quantiles of its distribution, not drawn at random: their mean,
standard deviation and peaks are then the planted ones exactly, whatever the particle's size. Where
in the particle each value lies is decided apart from that, by ranking its pixels by a pattern: from
the surface inwards, in domains, or both. Low energies, the more complete reaction, lie outside.
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage, special

from cathograph.phantom.fields import smooth_field
from cathograph.phantom.microstructure import Microstructure, check_seed
from cathograph.schema.composites import Phase
from cathograph.schema.errors import InputError

ENERGY_WINDOW_EV = (8340.0, 8348.0)
"""Energies in which valid pixels lie; the paper drops values outside."""

Pattern = Literal["radial", "domains", "mixed"]

_MARGIN_EV = 0.1  # values keep this far from the window's ends, so that a rounding drops none
_TAIL = 3.0  # standard deviations at which the distributions are cut, or large particles leave the window
_LEAST_PX_OF_TWO_MODES = 40
_NARROWEST_POLARIZATION_EV = 1.0  # closer modes merge in a smoothed histogram
_WIDEST_POLARIZATION_EV = 4.0
_WIDEST_HETEROGENEITY_EV = 1.2
_WIDEST_MODE_EV = 0.5


@dataclass(frozen=True)
class EnergyModel:
    """How the states of the particles are distributed.

    Parameters
    ----------
    soc_ev, soc_spread_ev : float
        Mean and standard deviation over particles of the mean energy in eV.
    heterogeneity_ev, heterogeneity_sigma : float
        Median over particles with one mode of the standard deviation within one in eV (at most 1.2), and the
        standard deviation of its logarithm.
    two_mode_share : float
        Share, 0 to 1, of the particles with two modes.
    polarization_ev : float
        Median distance of the two modes in eV, 1 to 4.
    both_neighbours_effect : float
        Share, 0 to 0.9, by which heterogeneity and polarization are lower in particles that have both
        SSE and graphite within `contact_radius_px`: a dependence on structure to be found again.
    contact_radius_px : int
        Chebyshev distance in pixels that counts as contact.
    pattern : {"radial", "domains", "mixed"}
        How energies are arranged within a particle.
    outlier_fraction : float
        Share, 0 to 0.5, of a particle's pixels whose value lies outside the window.
    noise_ev : float
        Standard deviation of noise added to valid pixels in eV; the truth is that without it.

    Raises
    ------
    InputError
        When a value is out of its range.
    """

    soc_ev: float = 8344.0
    soc_spread_ev: float = 0.5
    heterogeneity_ev: float = 0.45
    heterogeneity_sigma: float = 0.25
    two_mode_share: float = 0.4
    polarization_ev: float = 2.2
    both_neighbours_effect: float = 0.0
    contact_radius_px: int = 3
    pattern: Pattern = "mixed"
    outlier_fraction: float = 0.02
    noise_ev: float = 0.0

    def __post_init__(self) -> None:
        """Check every value against its range."""
        ranges = {
            "soc_ev": ENERGY_WINDOW_EV,
            "soc_spread_ev": (0, 4),
            "heterogeneity_ev": (0, _WIDEST_HETEROGENEITY_EV),
            "heterogeneity_sigma": (0, 2),
            "two_mode_share": (0, 1),
            "polarization_ev": (_NARROWEST_POLARIZATION_EV, _WIDEST_POLARIZATION_EV),
            "both_neighbours_effect": (0, 0.9),
            "contact_radius_px": (0, 100),
            "outlier_fraction": (0, 0.5),
            "noise_ev": (0, 10),
        }
        for name, (lowest, highest) in ranges.items():
            found = getattr(self, name)
            if not (math.isfinite(found) and lowest <= found <= highest):
                msg = f"Found {name}={found!r}; expected {lowest:g} to {highest:g}. Correct that parameter."
                raise InputError(msg)
        if self.pattern not in get_args(Pattern):
            msg = f"Found pattern={self.pattern!r}; expected one of {', '.join(get_args(Pattern))}."
            raise InputError(msg)


@dataclass(frozen=True)
class EnergyMap:
    """An energy map and its truth.

    Attributes
    ----------
    energy_ev : ndarray of float64, shape of the phantom
        Ni K-edge energy in eV, NaN outside NMC.
    truth : pandas.DataFrame
        One row per NMC: label, soc_ev (mean), heterogeneity_ev (standard deviation, ddof 0),
        polarization_ev (distance of the modes, 0 for one), n_modes, n_valid_px, n_outlier_px,
        touches_sse, touches_graphite. Of valid pixels without noise.
    model : EnergyModel
        What it was made with.
    """

    energy_ev: NDArray[np.float64]
    truth: pd.DataFrame
    model: EnergyModel


def make_energy_map(
    microstructure: Microstructure, *, seed: int, model: EnergyModel | None = None
) -> EnergyMap:
    """Give each NMC of a phantom an electrochemical state and lay it out over its pixels.

    Parameters
    ----------
    microstructure : Microstructure
        The phantom, 2D or 3D.
    seed : int
        Not negative.
    model : EnergyModel, optional
        How states are distributed; the defaults when not given.

    Returns
    -------
    EnergyMap
        Map and truth table.

    Raises
    ------
    InputError
        For a seed that is not a whole number from 0.

    Notes
    -----
    State as in the paper: mean, standard deviation and peak distance of the energies in
    8340–8348 eV. Particles of two modes have 40 to 60 % of their pixels in each, so that both peaks
    reach 40 % of the higher one.

    Examples
    --------
    >>> from cathograph.phantom.microstructure import make_microstructure
    >>> made = make_energy_map(make_microstructure((96, 96), seed=0), seed=0)
    >>> made.truth["n_modes"].isin([1, 2]).all().item()
    True
    """
    how = EnergyModel() if model is None else model
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(check_seed(seed)).spawn(3)]
    labels, materials = microstructure.labels, microstructure.materials
    near_sse = labels_near(microstructure, materials.phase_of("sse"), how.contact_radius_px)
    near_graphite = labels_near(microstructure, materials.phase_of("graphite"), how.contact_radius_px)
    diameter_px = microstructure.parameters.nmc_diameter_um / microstructure.pixel_size_um
    domains = smooth_field(labels.shape, diameter_px / 6, streams[0]).reshape(-1)

    energy = np.full(labels.size, np.nan)
    rows = []
    for label, pixels in _pixels_by_label(microstructure):
        has_both = label in near_sse and label in near_graphite
        calm = 1 - how.both_neighbours_effect if has_both else 1.0
        stray = _choose_outliers(pixels, how.outlier_fraction, streams[1])
        valid = pixels[~stray]
        values, polarization, modes = _draw_values(len(valid), calm, how, streams[1])
        score = _score(valid, labels.shape, domains, how.pattern)
        energy[valid[np.argsort(score, kind="stable")]] = values
        energy[pixels[stray]] = _outlier_energies(int(stray.sum()), streams[1])
        if how.noise_ev > 0:
            energy[valid] += how.noise_ev * streams[2].standard_normal(len(valid))
        rows.append(
            {
                "label": label,
                "soc_ev": float(values.mean()),
                "heterogeneity_ev": float(values.std()),
                "polarization_ev": polarization,
                "n_modes": modes,
                "n_valid_px": len(valid),
                "n_outlier_px": int(stray.sum()),
                "touches_sse": label in near_sse,
                "touches_graphite": label in near_graphite,
            }
        )
    return EnergyMap(energy.reshape(labels.shape), _truth_table(rows), how)


def labels_near(microstructure: Microstructure, phase: Phase, radius_px: int) -> set[int]:
    """Find the NMC that have a pixel of a phase within a Chebyshev distance.

    Parameters
    ----------
    microstructure : Microstructure
        The phantom.
    phase : Phase
        The phase looked for.
    radius_px : int
        Chebyshev distance in pixels, 0 or more.

    Returns
    -------
    set of int
        Labels of NMC.
    """
    near = ndimage.maximum_filter(
        (microstructure.phases == phase.code).astype(np.uint8), size=2 * radius_px + 1, mode="constant"
    )
    is_nmc = microstructure.phases == microstructure.materials.phase_of("nmc").code
    touched = np.unique(microstructure.labels[(near > 0) & is_nmc])
    return {int(label) for label in touched}


def _pixels_by_label(microstructure: Microstructure) -> list[tuple[int, NDArray[np.int64]]]:
    """Flat pixel indices of each NMC, labels ascending."""
    pixels = np.flatnonzero(microstructure.phases == microstructure.materials.phase_of("nmc").code)
    labels = microstructure.labels.reshape(-1)[pixels]
    order = np.argsort(labels, kind="stable")
    names, starts = np.unique(labels[order], return_index=True)
    parts = np.split(pixels[order], starts[1:])
    return [(int(name), part) for name, part in zip(names, parts, strict=False)]


def _choose_outliers(
    pixels: NDArray[np.int64], fraction: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Mark a particle's share of outlier pixels."""
    stray = np.zeros(len(pixels), dtype=bool)
    stray[rng.permutation(len(pixels))[: round(fraction * len(pixels))]] = True
    return stray


def _outlier_energies(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Energies below or above the window, as failed fits give them."""
    lowest, highest = ENERGY_WINDOW_EV
    below = rng.uniform(lowest - 10, lowest - 1, count)
    above = rng.uniform(highest + 1, highest + 10, count)
    return np.where(rng.random(count) < 0.5, below, above)


def _draw_values(
    count: int, calm: float, how: EnergyModel, rng: np.random.Generator
) -> tuple[NDArray[np.float64], float, int]:
    """Values of one particle in ascending order, the distance of its modes, and their number."""
    # All numbers are drawn for every particle, so that one parameter's change leaves the rest alone.
    soc = how.soc_ev + how.soc_spread_ev * rng.standard_normal()
    width = how.heterogeneity_ev * math.exp(how.heterogeneity_sigma * rng.standard_normal())
    distance = how.polarization_ev * math.exp(0.15 * rng.standard_normal())
    share = rng.uniform(0.4, 0.6)
    two_modes = rng.random() < how.two_mode_share and count >= _LEAST_PX_OF_TWO_MODES
    if two_modes:
        distance = float(np.clip(distance * calm, _NARROWEST_POLARIZATION_EV, _WIDEST_POLARIZATION_EV))
        # Well apart, so that the valley between the modes is deep, and never wider than the window.
        narrow = min(distance / 6, _WIDEST_MODE_EV)
        low = round(share * count)
        values = np.concatenate(
            [_quantiles(low) * narrow - distance / 2, _quantiles(count - low) * narrow + distance / 2]
        )
    else:
        distance = 0.0
        values = _quantiles(count) * min(width, _WIDEST_HETEROGENEITY_EV) * calm
    values = np.sort(values - values.mean())
    lowest, highest = ENERGY_WINDOW_EV
    soc = float(np.clip(soc, lowest + _MARGIN_EV - values[0], highest - _MARGIN_EV - values[-1]))
    return values + soc, distance, 2 if two_modes else 1


def _quantiles(count: int) -> NDArray[np.float64]:
    """Quantiles of a normal distribution cut at `_TAIL`, scaled to unit standard deviation."""
    quantiles = np.clip(special.ndtri((np.arange(count) + 0.5) / count), -_TAIL, _TAIL)
    deviation = float(quantiles.std())
    return np.asarray(quantiles / deviation if deviation > 0 else quantiles, dtype=np.float64)


def _score(
    pixels: NDArray[np.int64], shape: tuple[int, ...], domains: NDArray[np.float32], pattern: Pattern
) -> NDArray[np.float64]:
    """Rank of a particle's pixels, low where energies shall be low."""
    place = np.stack(np.unravel_index(pixels, shape), axis=1).astype(np.float64)
    from_centre = np.sqrt(((place - place.mean(axis=0)) ** 2).sum(axis=1))
    inwards = -from_centre / max(1.0, float(from_centre.max(initial=0)))
    if pattern == "radial":
        return np.asarray(inwards, dtype=np.float64)
    if pattern == "domains":
        return domains[pixels].astype(np.float64)
    return np.asarray(3 * inwards + domains[pixels], dtype=np.float64)


def _truth_table(rows: list[dict[str, float | int | bool]]) -> pd.DataFrame:
    """Truth as a table whose columns have their types also when it is empty."""
    types = {
        "label": np.int64,
        "soc_ev": np.float64,
        "heterogeneity_ev": np.float64,
        "polarization_ev": np.float64,
        "n_modes": np.int64,
        "n_valid_px": np.int64,
        "n_outlier_px": np.int64,
        "touches_sse": np.bool_,
        "touches_graphite": np.bool_,
    }
    return pd.DataFrame(rows, columns=list(types)).astype(types)
