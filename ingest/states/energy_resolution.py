"""What a map's values say about how it was made: fill values, failed fits at the ends of a search, steps of a scan.

Three things look like energies and are none. A *fill value* (0, −1, 9999) stands where nothing was fitted; a
*pinned* value is a fit that ended at a bound of its search, so the energy lies beyond; and a map made by taking the
highest frame holds only the *steps* of the scan, which a histogram turns into peaks.

Strategy. All three are exact repetitions, so values are counted, in a sample where the map is large. A value is far
too frequent where it occurs three times as often as each of the five values next to it: a map of measured energies has
no such value, even where 32-bit floats (1/1024 eV apart at 8 keV) make values repeat. A map of a few constants tells
nothing, so at least `_LEAST_VALUES` pixels and `_LEAST_LEVELS` different values (`_LEAST_STEPS` for steps) are asked
for.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.options import StateMethod

_LEAST_VALUES = 200
_LEAST_LEVELS = 12
_SAMPLE = 200_000
_EV_PER_KEV = 1000.0
_FAR_EV = 200.0
"""No edge energy lies as far from the reference energy as this; a repeated value there is a fill value."""
_MOST_FILL = 3
"""More repeated values there are no fill values: the map is in another unit, and the user is told of that."""
_LEAST_REPEATS = 5
_LEAST_SHARE = 1e-3
_LEAST_SHARE_BETWEEN = 1e-2
"""Of a fill value among the energies; in 32-bit floats values between the ends repeat by chance."""
_NEIGHBOURS = 5
_TIMES = 3
_SMALLEST_STEP_EV = 0.005
"""Steps below this are those of 32-bit floats, or too small for any number of ours."""
_LEAST_STEPS = 5
_REPEATS_OF_STEPS = 3
_BINS_PER_STEP = 0.5


@dataclass(frozen=True)
class EnergyResolution:
    """What was found in a map; empty tuples, 0 and None where it holds plain energies.

    Attributes
    ----------
    fill_ev : tuple of float
        Values that stand where nothing was fitted.
    pinned_low_ev, pinned_high_ev : tuple of float
        Bounds at which fits ended: the energy lies below, or above.
    n_fill, n_pinned : int
        Pixels of the map with such values.
    step_ev : float or None
        Distance of the values from each other, where they lie on steps.
    """

    fill_ev: tuple[float, ...] = ()
    pinned_low_ev: tuple[float, ...] = ()
    pinned_high_ev: tuple[float, ...] = ()
    n_fill: int = 0
    n_pinned: int = 0
    step_ev: float | None = None

    @property
    def changes_values(self) -> bool:
        """Whether any value is no energy."""
        return bool(self.n_fill or self.n_pinned)

    @property
    def pinned_ev(self) -> tuple[float, ...]:
        """All bounds at which fits ended."""
        return (*self.pinned_low_ev, *self.pinned_high_ev)

    def is_coarse(self, method: StateMethod) -> bool:
        """Whether steps are too coarse for the histogram: above half a bin they make peaks of their own."""
        return self.step_ev is not None and self.step_ev > _BINS_PER_STEP * method.bin_ev

    def clean(self, energy_ev: NDArray[np.floating]) -> NDArray[np.floating]:
        """Give the map with fill values as NaN, and pinned values beyond any window, on the side they ended at.

        So pinned values count as dropped, as if the fit had gone on and found an energy outside of the window.
        """
        if not self.changes_values:
            return energy_ev
        clean = energy_ev.copy()
        clean[np.isin(energy_ev, self.fill_ev)] = np.nan
        clean[np.isin(energy_ev, self.pinned_low_ev)] = 0.0
        clean[np.isin(energy_ev, self.pinned_high_ev)] = np.finfo(energy_ev.dtype).max
        return clean


def read_resolution(energy_ev: NDArray[np.floating], method: StateMethod) -> EnergyResolution:
    """Find fill values, pinned values and steps in a map.

    Parameters
    ----------
    energy_ev : ndarray of float, any shape
        Edge energies in eV, NaN where there is none.
    method : StateMethod
        For its window and reference energy.

    Returns
    -------
    EnergyResolution

    Examples
    --------
    A tenth of the fits ended at 8340 eV, and 0 stands where there was nothing to fit:

    >>> energies = np.random.default_rng(1).normal(8344, 0.5, 2000)
    >>> energies[:200], energies[200:500] = 8340.0, 0.0
    >>> found = read_resolution(energies, StateMethod())
    >>> found.fill_ev, found.n_fill, found.pinned_low_ev, found.n_pinned
    ((0.0,), 300, (8340.0,), 200)
    """
    finite = energy_ev[np.isfinite(energy_ev)]
    if finite.size < _LEAST_VALUES:
        return EnergyResolution()
    values, counts = np.unique(_sample(finite), return_counts=True)
    far = _far_from(values, method.reference_ev) & _far_from(values * _EV_PER_KEV, method.reference_ev)
    fill = _often(values, counts, far)
    if fill.size > _MOST_FILL:
        return EnergyResolution()
    values, counts = values[~far], counts[~far]
    low, high, inside = _piled_up(values, counts, method.window_ev)
    fill = np.concatenate([fill, inside])
    energies = values[~np.isin(values, np.concatenate([low, high, inside]))]
    return EnergyResolution(
        _listed(fill),
        _listed(low),
        _listed(high),
        int(np.isin(finite, fill).sum()) if fill.size else 0,
        int(np.isin(finite, np.concatenate([low, high])).sum()) if low.size or high.size else 0,
        _step_of(energies, counts.sum(), method.window_ev),
    )


def _far_from(values: NDArray[np.floating], reference_ev: float) -> NDArray[np.bool_]:
    return np.asarray(np.abs(values - reference_ev) > _FAR_EV)


def _sample(finite: NDArray[np.floating]) -> NDArray[np.floating]:
    """Draw values without order, always the same ones; a stride could follow the columns of the map."""
    if finite.size <= _SAMPLE:
        return finite
    places = np.unique(np.random.default_rng(0).integers(0, finite.size, _SAMPLE))
    return np.asarray(finite[places])


def _often(
    values: NDArray[np.floating], counts: NDArray[np.int64], where: NDArray[np.bool_]
) -> NDArray[np.floating]:
    """Give the values that repeat often enough to be meant."""
    return np.asarray(values[where & (counts >= max(_LEAST_REPEATS, _LEAST_SHARE * counts.sum()))])


def _piled_up(
    values: NDArray[np.floating], counts: NDArray[np.int64], window_ev: tuple[float, float]
) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
    """Give the values that are far too frequent: at the lower ends, at the upper ends, and between.

    Ends are those of the values and those of the window, at which fits are commonly bounded.
    """
    none = np.empty(0, dtype=values.dtype)
    if values.size < _LEAST_LEVELS:
        return none, none, none
    padded = np.pad(counts, _NEIGHBOURS)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEIGHBOURS + 1)
    beside = np.delete(around, _NEIGHBOURS, axis=1).max(axis=1)
    piles = values[(counts > _TIMES * beside) & np.isin(values, _often(values, counts, counts > 0))]
    # 32-bit floats hold the window's ends only nearly.
    at_low = (piles == values[0]) | np.isclose(piles, window_ev[0], rtol=0, atol=1e-3)
    at_high = (piles == values[-1]) | np.isclose(piles, window_ev[1], rtol=0, atol=1e-3)
    many = np.isin(piles, values[counts >= _LEAST_SHARE_BETWEEN * counts.sum()])
    return piles[at_low], piles[at_high & ~at_low], piles[~at_low & ~at_high & many]


def _step_of(values: NDArray[np.floating], n: int, window_ev: tuple[float, float]) -> float | None:
    """Give the distance of neighbouring values in the window, where pixels share few of them."""
    inside = values[(values >= window_ev[0]) & (values <= window_ev[1])]
    if inside.size < _LEAST_STEPS or n < _REPEATS_OF_STEPS * inside.size:
        return None
    step_ev = float(np.median(np.diff(inside.astype(np.float64))))
    return round(step_ev, 3) if step_ev >= _SMALLEST_STEP_EV else None


def _listed(values: NDArray[np.floating]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
