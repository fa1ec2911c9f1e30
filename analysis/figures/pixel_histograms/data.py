"""Histograms of pixel values: grey values per phase, edge energies inside particles (Figs. S1b, S4).

Both need the pixels of the files, because the store has none.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.analysis.figures.figure import STATE_NOTE, FigureData
from cathograph.analysis.figures.phase_legend import DEFAULT_LEGEND, PhaseLegend
from cathograph.schema.composites import BACKGROUND_PHASE
from cathograph.schema.errors import InputError

WINDOW_EV = (8340.0, 8348.0)
"""Default energy window, from the paper; a measurement can have another one."""

_CAPTION_S1B = "Distribution of the grey values of each phase, as stored in the files."
_CAPTION_S4 = (
    "Number of pixels of a particle by edge energy. The line is the mean, which is the SOC indicator of the particle. "
    "Energies outside the window are dropped. " + STATE_NOTE
)


def grey_value_data(
    grey: NDArray[np.floating | np.integer],
    phases: NDArray[np.integer],
    legend: PhaseLegend = DEFAULT_LEGEND,
    *,
    names: Mapping[int, str] | None = None,
    bins: int = 100,
) -> FigureData:
    """Count grey values in each phase (Fig. S1b).

    Parameters
    ----------
    grey : ndarray, shape (y, x) or (z, y, x)
        X-ray image.
    phases : ndarray of int, same shape
        Code of the phase of each pixel.
    legend : PhaseLegend
        How the phases look.
    names : Mapping, optional
        Phase of each code; by default the codes are those of the composite of the legend.
    bins : int
        Bins between the 0.1st and the 99.9th percentile.

    Returns
    -------
    FigureData
        Its table has one row per phase and bin: ``phase``, ``grey_low``, ``grey_high``, ``pixels``, ``share``.

    Raises
    ------
    InputError
        When the shapes differ.
    """
    if grey.shape != phases.shape:
        msg = f"Found a grey image of {grey.shape} and phases of {phases.shape}; expected equal shapes."
        raise InputError(msg)
    head = ("fig-s1b-grey-values", "Fig. S1b", "Grey values per phase", _CAPTION_S1B)
    finite = np.isfinite(grey)
    if not finite.any():
        return FigureData(*head, pd.DataFrame(), "The grey image holds no finite value.", legend)
    low, high = np.percentile(grey[finite], (0.1, 99.9))
    borders = np.linspace(low, high if high > low else low + 1, bins + 1)
    parts = []
    called = names or {code: look.name for code, look in legend.look_of_codes().items()}
    for code, name in sorted(called.items()):
        inside = grey[finite & (phases == code)]
        if inside.size:
            pixels = np.histogram(inside, borders)[0]
            columns = {"grey_low": borders[:-1], "grey_high": borders[1:], "pixels": pixels}
            parts.append(pd.DataFrame({"phase": name, **columns, "share": pixels / inside.size}))
    return FigureData(*head, pd.concat(parts, ignore_index=True), legend=legend)


def phase_colour(phase: str, legend: PhaseLegend) -> str:
    """Choose the colour of a phase's line; the colour of the background would be invisible."""
    return "#bbbbbb" if phase == BACKGROUND_PHASE.name else legend.look(phase).colour


def particle_energy_data(
    energies_ev: Sequence[tuple[int | str, NDArray[np.floating]]],
    *,
    window_ev: tuple[float, float] = WINDOW_EV,
    legend: PhaseLegend = DEFAULT_LEGEND,
    bins: int = 64,
) -> FigureData:
    """Count the energies of the pixels of single particles (Fig. S4).

    Parameters
    ----------
    energies_ev : sequence of (int or str, ndarray of float)
        Label (or name) of a particle, and the edge energy of each of its pixels in eV; NaN where it is missing.
    window_ev : tuple of float
        Energies outside are dropped.
    legend : PhaseLegend
        Colour of active particles.
    bins : int
        Bins over the window.

    Returns
    -------
    FigureData
        Its table has one row per particle and bin: ``label``, ``energy_low_ev``, ``energy_high_ev``, ``pixels``;
        and, equal in all rows of a particle, ``pixels_all`` and ``mean_ev`` (of the energies in the window).
    """
    head = ("fig-s4-particles", "Fig. S4", "Energies inside single particles", _CAPTION_S4)
    if not len(energies_ev):
        return FigureData(*head, pd.DataFrame(), "No particle was selected.", legend)
    borders = np.linspace(*window_ev, bins + 1)
    parts = []
    for label, inside in energies_ev:
        valid = inside[(inside >= window_ev[0]) & (inside <= window_ev[1])]
        parts.append(
            pd.DataFrame(
                {
                    "label": label,
                    "energy_low_ev": borders[:-1],
                    "energy_high_ev": borders[1:],
                    "pixels": np.histogram(valid, borders)[0],
                    "pixels_all": inside.size,
                    "mean_ev": float(valid.mean()) if valid.size else float("nan"),
                }
            )
        )
    return FigureData(*head, pd.concat(parts, ignore_index=True), legend=legend)


def energies_by_label(
    energy_ev: NDArray[np.floating], labels: NDArray[np.integer], chosen: Sequence[int]
) -> list[tuple[int | str, NDArray[np.floating]]]:
    """Collect the energies of the pixels of each particle.

    Parameters
    ----------
    energy_ev : ndarray of float, shape (y, x) or (z, y, x)
        Map of the edge energy in eV; NaN where it is missing.
    labels : ndarray of int, same shape
        Label image.
    chosen : sequence of int
        Labels, in the order of the result.

    Raises
    ------
    InputError
        When shapes differ or a label is not in the image.
    """
    if energy_ev.shape != labels.shape:
        msg = f"Found energies of {energy_ev.shape} and labels of {labels.shape}; expected equal shapes."
        raise InputError(msg)
    parts: list[tuple[int | str, NDArray[np.floating]]] = []
    for label in chosen:
        mask = labels == label
        if not mask.any():
            msg = f"Found no label {label} in the label image; expected one of its regions."
            raise InputError(msg)
        parts.append((label, energy_ev[mask]))
    return parts
