"""From a stack to its edge-energy map: registration where requested, fit, mask and description."""

import dataclasses
import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cathograph.ingest.options import USUAL_EDGE
from cathograph.ingest.stacks.absorbance import store_frames
from cathograph.ingest.stacks.energy_stack import EnergyStack
from cathograph.ingest.xanes.energy_calibration import MOST_DROPPED, EnergyCalibration
from cathograph.ingest.xanes.fitting import FittedMaps, fit_stack
from cathograph.ingest.xanes.methods import Method
from cathograph.ingest.xanes.normalisation import Normalisation
from cathograph.ingest.xanes.quality import PixelCounts, QualityLimits, mask_pixels
from cathograph.ingest.xanes.registration import Against, Drift, find_drift, register_stack
from cathograph.schema.edges import AbsorptionEdge

RELATIVE = "Values are relative edge shifts, not lithium contents."
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class MapRecipe:
    """Everything that decides the values of a map.

    Attributes
    ----------
    method : Method
        How edge energies are found.
    calibration : EnergyCalibration
        The method's window and reference energy.
    normalisation : Normalisation or None
        None to take the stack's values as they are.
    limits : QualityLimits
        What a pixel must reach.
    register_against : {"previous", "reference"} or None
        None to leave frames where they are.
    edge : AbsorptionEdge
        Edge that the stack was taken over.
    """

    method: Method
    calibration: EnergyCalibration
    normalisation: Normalisation | None = dataclasses.field(default_factory=Normalisation)
    limits: QualityLimits = dataclasses.field(default_factory=QualityLimits)
    register_against: Against | None = None
    edge: AbsorptionEdge = USUAL_EDGE


@dataclass(frozen=True)
class EdgeEnergyMap:
    """A map and how it came about.

    Attributes
    ----------
    edge_energy_ev : ndarray of float64, shape (height, width)
        NaN where a pixel has none. Relative edge shifts, not lithium contents.
    fitted : FittedMaps
        Quality and what else is known of each pixel, before masking.
    counts : PixelCounts
        Where the pixels went.
    drift : Drift or None
        What registration found.
    recipe : MapRecipe
        What it was made with.
    energies_ev : ndarray of float64, shape (n,)
        Photon energies of the stack.
    pixel_size_um : float or None
        Edge of a pixel.
    """

    edge_energy_ev: NDArray[np.float64]
    fitted: FittedMaps
    counts: PixelCounts
    drift: Drift | None
    recipe: MapRecipe
    energies_ev: NDArray[np.float64]
    pixel_size_um: float | None

    @property
    def standard_error_ev(self) -> NDArray[np.float32]:
        """Standard errors of the edge energies, shape (height, width); NaN where a pixel has none."""
        return np.where(np.isfinite(self.edge_energy_ev), self.fitted.standard_error_ev, np.nan)

    @property
    def values_left_out(self) -> int:
        """Bad values (zeros, zingers, missing ones) that were left out and bridged, in all pixels together."""
        return int(self.fitted.left_out.sum())

    @property
    def pixels_mended(self) -> int:
        """Pixels with an edge energy of which at least one value was left out."""
        return int(np.count_nonzero(self.fitted.left_out[np.isfinite(self.edge_energy_ev)]))

    @property
    def is_flagged(self) -> bool:
        """Whether too large a share of the valid pixels lies outside the window."""
        return self.counts.dropped_share > MOST_DROPPED

    def as_record(self) -> dict[str, Any]:
        """Return everything about the map but its pixels, as JSON can hold it."""
        recipe, counts = self.recipe, self.counts
        valid = self.edge_energy_ev[np.isfinite(self.edge_energy_ev)]
        low, median, high = np.percentile(valid, [5, 50, 95]) if valid.size else [None] * 3
        return {
            "note": RELATIVE,
            "edge": recipe.edge.name,
            "method": {"name": recipe.method.name, "parameters": _parameters(recipe.method)},
            "normalisation": None
            if recipe.normalisation is None
            else dataclasses.asdict(recipe.normalisation),
            "window_ev": list(recipe.calibration.window_ev),
            "reference_ev": recipe.calibration.reference_energy_ev,
            "calibration": recipe.calibration.source,
            "limits": dataclasses.asdict(recipe.limits),
            "registration": None
            if self.drift is None
            else {
                "against": self.drift.against,
                "anchor_frame": self.drift.anchor,
                "shifts_px": self.drift.shifts_px.round(3).tolist(),
                "magnification_exponent": None
                if self.drift.exponent is None
                else round(self.drift.exponent, 3),
                "zooms": self.drift.zooms.round(6).tolist(),
                "rotations_deg": self.drift.rotations_deg.round(4).tolist(),
                "agreement": self.drift.agreement.round(3).tolist(),
            },
            "energies_ev": self.energies_ev.tolist(),
            "shape": list(self.edge_energy_ev.shape),
            "pixel_size_um": self.pixel_size_um,
            "standard_error_ev": {"median": _rounded(_median(self.standard_error_ev))},
            "edge_energy_ev": {"p5": _rounded(low), "median": _rounded(median), "p95": _rounded(high)},
            "pixels": dataclasses.asdict(counts),
            "values_left_out": self.values_left_out,
            "pixels_mended": self.pixels_mended,
            "masked_fraction": round(counts.masked_share, 6),
            "dropped_fraction": round(counts.dropped_share, 6),
            "dropped_flagged": self.is_flagged,
            "versions": {
                name: version(name) for name in ("cathograph", "numpy", "scipy", "numba", "scikit-image")
            }
            | {"python": platform.python_version()},
        }


def make_edge_energy_map(
    stack: EnergyStack,
    recipe: MapRecipe,
    *,
    pixel_size_um: float | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> EdgeEnergyMap:
    """Make the edge-energy map of a stack.

    Parameters
    ----------
    stack : EnergyStack
        Absorbance.
    recipe : MapRecipe
        How.
    pixel_size_um : float, optional
        Edge of a pixel; the stack's own when not given.
    threads : int, optional
        Threads of the fit; all cores when not given.
    progress : callable, optional
        Gets (what is done, how much of it, how much in all).

    Returns
    -------
    EdgeEnergyMap
        With everything that is known of it.

    Raises
    ------
    InputError
        As `fit_stack`, `find_drift` and `store_frames`.
    """

    def tell(what: str) -> Callable[[int, int], None] | None:
        return None if progress is None else lambda done, total: progress(what, done, total)

    drift = None
    frames = store_frames(stack, tell("reading frames"))
    try:
        if recipe.register_against is not None:
            # The map has the geometry of the frame at the edge: a magnified image has its pixel size there.
            at_edge = int(np.abs(frames.energies_ev - recipe.edge.energy_ev).argmin())
            drift = find_drift(
                frames, against=recipe.register_against, anchor=at_edge, progress=tell("finding the drift")
            )
            registered = register_stack(frames, drift, tell("shifting frames"))
            frames.close()
            frames = registered
        fitted = fit_stack(
            frames, recipe.method, recipe.normalisation, threads=threads, progress=tell("fitting rows")
        )
    finally:
        frames.close()
    masked, counts = mask_pixels(
        fitted.edge_energy_ev,
        fitted.quality,
        fitted.residual,
        fitted.dead,
        recipe.limits,
        recipe.calibration.window_ev,
    )
    return EdgeEnergyMap(
        masked, fitted, counts, drift, recipe, stack.energies_ev, pixel_size_um or stack.pixel_size_um
    )


def _parameters(method: Method) -> dict[str, Any]:
    """Return the fields of a method, of references only what identifies them."""
    fields = {}
    for field in dataclasses.fields(method):  # type: ignore[arg-type]  # all methods are dataclasses
        value = getattr(method, field.name)
        if field.name == "references":
            value = value.as_record()
        fields[field.name] = value
    return fields


def _median(values: NDArray[np.float32]) -> float | None:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)
