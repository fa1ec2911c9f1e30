"""Histograms of pixels: grey values per phase, and energies inside single particles (Figs. S1b, S4).

Both need the pixels of the files, which the store does not hold.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.figures.plate import STATE_NOTE, VERMILION, Plate, add_note, make_panels, say_in_figure
from schema.errors import InputError
from schema.phases import Phase

_CAPTION_S1B = "Share of each phase's pixels per grey value; the values are those of the file."
_CAPTION_S4 = (
    "Share of a particle's valid pixels per energy; line: mean, the particle's SOC indicator. Grey: outside "
    "of the window that counts. " + STATE_NOTE
)


def draw_grey_values(
    grey: NDArray[np.floating | np.integer], phases: NDArray[np.integer], *, bins: int = 100
) -> Plate:
    """Draw the distribution of grey values in each phase (Fig. S1b).

    Parameters
    ----------
    grey : ndarray, shape (y, x) or (z, y, x)
        X-ray image.
    phases : ndarray of int, same shape
        Codes of `schema.phases.Phase`.
    bins : int
        Bins between the 0.1st and the 99.9th percentile.

    Returns
    -------
    Plate
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
        missing = "The grey image holds no finite value."
        return Plate(*head, say_in_figure(missing), pd.DataFrame(), missing)
    low, high = np.percentile(grey[finite], (0.1, 99.9))
    borders = np.linspace(low, high if high > low else low + 1, bins + 1)
    parts = []
    for phase in Phase:
        inside = grey[finite & (phases == phase.code)]
        if inside.size:
            pixels = np.histogram(inside, borders)[0]
            columns = {"grey_low": borders[:-1], "grey_high": borders[1:], "pixels": pixels}
            parts.append(pd.DataFrame({"phase": phase.value, **columns, "share": pixels / inside.size}))
    table = pd.concat(parts, ignore_index=True)
    figure, panels = make_panels(1, 1, width=5.6, height=3.6)
    axis = panels[0][0]
    styles = iter(("-", "--", "-.", ":"))
    for phase in Phase:
        rows = table[table["phase"] == phase.value]
        if len(rows):
            colour = "#999999" if phase is Phase.BACKGROUND else phase.colour
            axis.stairs(
                rows["share"], borders, color=colour, linewidth=1.8, label=phase.value, ls=next(styles)
            )
    axis.set_xlabel("grey value")
    axis.set_ylabel("share of the phase's pixels")
    axis.legend(fontsize=9)
    return Plate(*head, figure, table)


def draw_particle_energies(
    energy_ev: NDArray[np.floating],
    labels: NDArray[np.integer],
    chosen: Sequence[int],
    *,
    window_ev: tuple[float, float] = (8340.0, 8348.0),
    bins: int = 64,
) -> Plate:
    """Draw the energies of the pixels of single particles (Fig. S4).

    Parameters
    ----------
    energy_ev : ndarray of float, shape (y, x)
        Map of the edge energy, eV; NaN where there is none.
    labels : ndarray of int, same shape
        Label image.
    chosen : sequence of int
        Labels to draw, one panel each, in that order.
    window_ev : tuple of float
        Energies that count.
    bins : int
        Bins over the window.

    Returns
    -------
    Plate
        Its table has one row per particle and bin: ``label``, ``energy_low_ev``, ``energy_high_ev``, ``pixels``.

    Raises
    ------
    InputError
        When shapes differ or a label is not in the image.
    """
    if energy_ev.shape != labels.shape:
        msg = f"Found energies of {energy_ev.shape} and labels of {labels.shape}; expected equal shapes."
        raise InputError(msg)
    head = ("fig-s4-particles", "Fig. S4", "Energies inside single particles", _CAPTION_S4)
    if not len(chosen):
        missing = "No particle was chosen."
        return Plate(*head, say_in_figure(missing), pd.DataFrame(), missing)
    borders = np.linspace(*window_ev, bins + 1)
    rows = -(-len(chosen) // 4)
    figure, panels = make_panels(rows, min(len(chosen), 4), width=3.2, height=2.7)
    axes = [axis for line in panels for axis in line]
    parts = []
    for axis, label in zip(axes, chosen, strict=False):
        mask = labels == label
        if not mask.any():
            msg = f"Found no label {label} in the label image; expected one of its regions."
            raise InputError(msg)
        inside = energy_ev[mask]
        inside = inside[np.isfinite(inside)]
        valid = inside[(inside >= window_ev[0]) & (inside <= window_ev[1])]
        pixels = np.histogram(valid, borders)[0]
        columns = {"energy_low_ev": borders[:-1], "energy_high_ev": borders[1:], "pixels": pixels}
        parts.append(pd.DataFrame({"label": label, **columns}))
        axis.stairs(pixels, borders, fill=True, color=Phase.NMC.colour)
        axis.set_title(f"particle {label}: {valid.size} of {mask.sum()} pixels", fontsize=9)
        if valid.size:
            axis.axvline(float(valid.mean()), color=VERMILION, linewidth=1.6)
        else:
            axis.text(
                0.5, 0.5, "no pixel inside the window", ha="center", transform=axis.transAxes, fontsize=9
            )
        axis.set_xlabel("edge energy (eV)", fontsize=9)
        axis.set_ylabel("pixels", fontsize=9)
        axis.set_xlim(*window_ev)
        axis.ticklabel_format(axis="x", useOffset=False)
        axis.locator_params(axis="x", nbins=5)
    for axis in axes[len(chosen) :]:
        axis.set_axis_off()
    add_note(figure, STATE_NOTE)
    return Plate(*head, figure, pd.concat(parts, ignore_index=True))
