"""Pictures to check after a fit: the map with its quality, and the drift of the frames."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from cathograph.ingest.xanes.edge_energy_map import RELATIVE, EdgeEnergyMap
from cathograph.ingest.xanes.map_file import write_complete
from cathograph.ingest.xanes.registration import Drift

_DPI = 130
_BINS = 120
_GREY = "0.85"


def draw_overview(path: Path, made: EdgeEnergyMap, *, title: str) -> None:
    """Draw map, quality and histogram of an edge-energy map to a PNG.

    Parameters
    ----------
    path : Path
        File to write.
    made : EdgeEnergyMap
        The map.
    title : str
        Its name.

    Raises
    ------
    InputError
        When the file cannot be written.
    """
    figure = Figure(figsize=(14, 4.6), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1, 0.9))
    window = made.recipe.calibration.window_ev
    valid = made.edge_energy_ev[np.isfinite(made.edge_energy_ev)]
    low, high = np.percentile(valid, [1, 99]) if valid.size else window
    pixel_um = made.pixel_size_um or 1.0
    height, width = made.edge_energy_ev.shape
    extent = (0, width * pixel_um, height * pixel_um, 0)
    unit = "px" if made.pixel_size_um is None else "µm"
    for axes, values, limits, colours, title_of_map in (
        (left, made.edge_energy_ev, (low, high), "viridis", "edge energy / eV (grey: none)"),
        (
            middle,
            made.fitted.quality,
            (0, np.nanpercentile(_finite(made.fitted.quality), 99)),
            "magma",
            "quality: edge jump over its standard error",
        ),
    ):
        axes.set_facecolor(_GREY)
        image = axes.imshow(
            values, cmap=colours, vmin=limits[0], vmax=limits[1], extent=extent, interpolation="nearest"
        )
        figure.colorbar(image, ax=axes, fraction=0.046, pad=0.02)
        axes.set(title=title_of_map, xlabel=f"x / {unit}", ylabel=f"y / {unit}")
    span = (min(low, window[0]) - 1, max(high, window[1]) + 1)
    right.hist(valid, bins=_BINS, range=span, color="tab:blue")
    right.axvspan(
        *window, color="tab:green", alpha=0.12, lw=0, label=f"window {window[0]:.1f}–{window[1]:.1f} eV"
    )
    right.axvline(
        made.recipe.calibration.reference_energy_ev,
        color="tab:green",
        lw=1,
        ls="--",
        label="reference energy",
    )
    right.set(xlabel="edge energy / eV", ylabel="pixels", xlim=span)
    right.ticklabel_format(useOffset=False)
    right.legend(frameon=False, fontsize="small", loc="upper left")
    right.set_ylim(top=1.25 * right.get_ylim()[1])  # room for the legend
    right.set_title(f"outside the window: {made.counts.dropped_share:.1%}")
    figure.suptitle(
        f"{title} · {made.recipe.edge.name} · {made.recipe.method.name} · {RELATIVE}", fontsize="medium"
    )
    write_complete(path, lambda part: figure.savefig(part, dpi=_DPI))


def draw_drift(path: Path, drift: Drift) -> None:
    """Draw the shift of every frame over energy to a PNG.

    Parameters
    ----------
    path : Path
        File to write.
    drift : Drift
        Shifts found by registration.

    Raises
    ------
    InputError
        When the file cannot be written.
    """
    figure = Figure(figsize=(7, 3.8), layout="constrained")
    axes = figure.subplots()
    for place, name in enumerate("yx"):
        axes.plot(drift.energies_ev, drift.shifts_px[:, place], ".-", label=name)
    axes.axvline(drift.energies_ev[drift.anchor], color="0.6", lw=1, ls=":", label="frame that stays")
    axes.set(xlabel="photon energy / eV", ylabel="shift / pixels", title="Shift that registers each frame")
    axes.ticklabel_format(useOffset=False)
    axes.legend(frameon=False)
    write_complete(path, lambda part: figure.savefig(part, dpi=_DPI))


def _finite(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    finite = values[np.isfinite(values)]
    return finite if finite.size else np.ones(1, dtype=np.float32)
