"""The family profiles: edge energies inside each active particle (docs/inside.md).

Energies change with depth below the surface whatever happens at a junction, and a junction lies at the surface. So the
slope of the energy against the distance to a junction is taken at equal depth: shells of equal area have a level and
a slope with depth of their own, a parabola around the centre is fitted too, and the distance explains only what these
leave. The same holds for contacts. Without the parabola, energies that follow the distance from the centre look like a
front in particles that the border of the image cuts.

Each of these numbers is a weighted sum of pixels, so its variance under noise that neighbours share is known
(`cathograph.ingest.measures.map_noise`). The intervals hold this noise alone. How much particles and images differ is
another question, which `cathograph.analysis.statistics.inside_particles` answers.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from cathograph.ingest.measures.inside import TARGETS, Inside, equal_shells, iterate_particles
from cathograph.ingest.measures.map_noise import BlurCorrelation
from cathograph.ingest.measures.measured import EnergyOverImage, Measured, StoredImage
from cathograph.schema.errors import InputImageError

Floats = NDArray[np.float64]

SHELLS = 5
"""Shells of equal area (volume) in a particle."""
LEAST_PIXELS = 40
"""A particle with fewer pixels that count has no profile."""
BIN_EDGES_UM = (0.0, *(0.1 * 2**k for k in range(11)))
"""Distances between which pixels are averaged; each bin but the first is twice as wide as the one before."""
_LEVEL = 0.95
_INDEPENDENT = 1e-9
_ROUNDS = 10


def measure(image: StoredImage) -> Measured:
    """Compute the family for one image.

    Raises
    ------
    InputImageError
        When the image comes without an energy map.
    """
    energy = image.energy
    if energy is None:
        msg = (
            "Found no energy map, or not its file; expected one, since profiles are read from its pixels. Ingest a map "
            "(`cathograph ingest-map`), or say which folder holds its file (`files`)."
        )
        raise InputImageError(msg)
    blur = BlurCorrelation(energy.resolution_um / image.pixel_size_um)
    labels = image.regions.region_labels
    found = {
        inside.position: _fit(inside, energy, image.pixel_size_um, blur)
        for inside in iterate_particles(image.regions, image.radius_px)
    }
    profiles = [each for each in found.values() if each is not None]
    share = _shared_noise(profiles, blur)
    rows = [
        {"label": int(labels[position]), **(_empty_row() if each is None else each.row(share))}
        for position, each in found.items()
    ]
    about: dict[str, object] = {
        "profiles_measurement": energy.measurement,
        "profiles_resolution_um": energy.resolution_um,
        "profiles_rim_um": energy.rim_um,
        "profiles_shared_noise": share,
        **_bins_of_image(profiles),
    }
    return Measured(pd.DataFrame(rows, columns=["label", *_empty_row()]), image=about)


@dataclass(frozen=True, eq=False)
class _Sum:
    """A weighted sum of pixels: its value, Σ w², Σ w_i w_j ρ_ij, and what it takes from the residual."""

    value: float
    squares: float
    blurred: float
    explained: float = 0.0
    leverage_blurred: float = 0.0


@dataclass(frozen=True, eq=False)
class _Profile:
    """All sums of one particle, before the noise is known."""

    pixels: int
    shells_ev: Floats
    core_minus_shell: _Sum
    gradient_ev_per_um: Floats
    slopes: dict[str, _Sum]
    rss: float
    columns: int
    leverage_blurred: float
    mask_blurred: float
    squares_blurred: float
    pairs: int
    pair_products: float
    bins: list[tuple[str, int, float, float]]

    def row(self, share: float) -> dict[str, float | int]:
        """Give the properties of the particle, with noise of which neighbours share a part."""
        row = _empty_row()
        row["profile_pixels"] = self.pixels
        row["independent_pixels"] = self.pixels**2 / ((1 - share) * self.pixels + share * self.mask_blurred)
        row |= {f"shell_{number}_ev": float(each) for number, each in enumerate(self.shells_ev, 1)}
        row |= self._interval("core_minus_shell", "ev", self.core_minus_shell, share)
        row["gradient_ev_per_um"] = float(np.linalg.norm(self.gradient_ev_per_um))
        for axis, each in zip("zyx"[-len(self.gradient_ev_per_um) :], self.gradient_ev_per_um, strict=True):
            row[f"gradient_{axis}_ev_per_um"] = float(each)
        for target, each in self.slopes.items():
            row |= self._interval(f"{target}_slope", "ev_per_um", each, share)
        return row

    def _interval(self, name: str, unit: str, total: _Sum, share: float) -> dict[str, float | int]:
        """Give value and interval; the interval is NaN where too few pixels are independent."""
        columns = self.columns + (total.leverage_blurred > 0)
        leverage = self.leverage_blurred + total.leverage_blurred
        left = self.pixels - (1 - share) * columns - share * leverage
        df = left**2 / (self.pixels + share**2 * (self.squares_blurred - self.pixels))
        half = np.nan
        if left > 0 and df >= 1:
            variance = max(self.rss - total.explained, 0.0) / left
            error = np.sqrt(variance * ((1 - share) * total.squares + share * total.blurred))
            half = float(stats.t.ppf((1 + _LEVEL) / 2, df) * error)
        return {
            f"{name}_{unit}": total.value,
            f"{name}_low_{unit}": total.value - half,
            f"{name}_high_{unit}": total.value + half,
        }


def _empty_row() -> dict[str, float | int]:
    """Give the properties of a particle without a profile."""
    values = ["independent_pixels", *(f"shell_{number}_ev" for number in range(1, SHELLS + 1))]
    values += [f"core_minus_shell{part}_ev" for part in ("", "_low", "_high")]
    values += ["gradient_ev_per_um", *(f"gradient_{axis}_ev_per_um" for axis in "zyx")]
    values += [f"{target}_slope{part}_ev_per_um" for target in TARGETS for part in ("", "_low", "_high")]
    return {"profile_pixels": 0, **dict.fromkeys(values, np.nan)}


def _fit(inside: Inside, energy: EnergyOverImage, pixel_um: float, blur: BlurCorrelation) -> _Profile | None:
    """Fit depth and distances in one particle; None where too few pixels count."""
    low, high = energy.window_ev
    values = energy.energy_ev[inside.crop]
    in_window = np.asarray((values >= low) & (values <= high), dtype=np.bool_)
    counts = inside.mask & (inside.depth_px * pixel_um >= energy.rim_um) & in_window
    pixels = int(counts.sum())
    if pixels < LEAST_PIXELS or not np.isfinite(inside.depth_px[counts]).all():
        return None
    ev = values[counts].astype(np.float64)
    mean = float(ev.mean())
    ev -= mean
    depth = inside.depth_px[counts]
    shell = equal_shells(depth, SHELLS)
    from_centre = np.linalg.norm(np.argwhere(counts) - np.argwhere(inside.mask).mean(axis=0), axis=1)
    basis = _orthonormal(_controls(shell, depth, from_centre))

    sizes = np.bincount(shell, minlength=SHELLS).astype(np.float64)
    shells_ev = np.divide(
        np.bincount(shell, ev, minlength=SHELLS), sizes, out=np.full(SHELLS, np.nan), where=sizes > 0
    )
    ends = _Sum(np.nan, np.nan, np.nan)
    if sizes[0] and sizes[-1]:
        contrast = (shell == SHELLS - 1) / sizes[-1] - (shell == 0) / sizes[0]
        ends = _Sum(
            float(contrast @ ev), float(contrast @ contrast), blur.double_sum(_placed(counts, contrast))
        )
    residual = ev - basis @ (basis.T @ ev)
    slopes, bins = {}, []
    for target in TARGETS:
        far = inside.distance_px[target][counts] * pixel_um
        if not np.isfinite(far).all():
            continue
        if not inside.cut:
            bins += _bins_of_particle(target, far, ev, residual)
        left = far - basis @ (basis.T @ far)
        squares = float(left @ left)
        if squares <= _INDEPENDENT * float(far @ far) + _INDEPENDENT:
            continue
        value = float(left @ ev) / squares
        of_unit = blur.double_sum(_placed(counts, left / np.sqrt(squares)))
        slopes[target] = _Sum(value, 1 / squares, of_unit / squares, value**2 * squares, of_unit)
    placed = _placed(counts, residual)
    pair_products, pairs = 0.0, 0
    for axis in range(counts.ndim):
        here, there = np.moveaxis(placed, axis, 0), np.moveaxis(counts, axis, 0)
        pair_products += float((here[1:] * here[:-1]).sum())
        pairs += int((there[1:] & there[:-1]).sum())
    return _Profile(
        pixels=pixels,
        shells_ev=shells_ev + mean,
        core_minus_shell=ends,
        gradient_ev_per_um=_gradient(counts, ev) / pixel_um,
        slopes=slopes,
        rss=float(residual @ residual),
        columns=basis.shape[1],
        leverage_blurred=sum(blur.double_sum(_placed(counts, column)) for column in basis.T),
        mask_blurred=blur.double_sum(counts.astype(np.float64)),
        squares_blurred=blur.double_sum_of_squares(counts),
        pairs=pairs,
        pair_products=pair_products,
        bins=bins,
    )


def _controls(shell: NDArray[np.int64], depth: Floats, from_centre: Floats) -> Floats:
    """Give each shell its level and its slope with depth, and the particle a parabola around its centre."""
    member = np.eye(SHELLS)[shell]
    sizes = np.maximum(member.sum(axis=0), 1)
    within = member * (depth - (member.T @ depth / sizes)[shell])[:, None]
    return np.column_stack([member, within, from_centre, from_centre**2])


def _orthonormal(columns: Floats) -> Floats:
    """Give an orthonormal basis of the columns; shells without pixels or with one depth fall out."""
    scale = np.linalg.norm(columns, axis=0)
    scaled = columns[:, scale > 0] / scale[scale > 0]
    # A decomposition of the small square of products is a hundred times as fast as one of the columns.
    size, direction = np.linalg.eigh(scaled.T @ scaled)
    kept = size > _INDEPENDENT * size[-1]
    basis: Floats = scaled @ (direction[:, kept] / np.sqrt(size[kept]))
    return basis


def _placed(mask: NDArray[np.bool_], values: Floats) -> Floats:
    placed = np.zeros(mask.shape)
    placed[mask] = values
    return placed


def _gradient(mask: NDArray[np.bool_], ev: Floats) -> Floats:
    """Fit a plane; its slope along each axis in eV per pixel, NaN where the pixels do not span it."""
    place = np.argwhere(mask).astype(np.float64)
    place -= place.mean(axis=0)
    slope, _, rank, _ = np.linalg.lstsq(place, ev, rcond=None)
    return np.asarray(slope if rank == mask.ndim else np.full(mask.ndim, np.nan), dtype=np.float64)


def _shared_noise(profiles: list[_Profile], blur: BlurCorrelation) -> float:
    """Measure which part of the noise neighbours share, on what depth leaves unexplained in all particles.

    Notes
    -----
    The fit takes a part of the variance from each pixel, and about the same from the product of two neighbours,
    because the fitted columns are smooth. How much depends on the share that is looked for, so a few rounds are made.
    """
    rss, pixels = sum(each.rss for each in profiles), sum(each.pixels for each in profiles)
    pairs = sum(each.pairs for each in profiles)
    if not pairs or rss <= 0:
        return 0.0
    found = sum(each.pair_products for each in profiles) / pairs / (rss / pixels)
    white, blurred = (
        sum(each) / pixels
        for each in zip(*((each.columns, each.leverage_blurred) for each in profiles), strict=True)
    )
    share = 0.0
    for _ in range(_ROUNDS):
        lost = min(1.0, (1 - share) * white + share * blurred)
        share = float(np.clip((found * (1 - lost) + lost) / blur.of_neighbours, 0, 1))
    return share


def _bins_of_particle(
    target: str, far_um: Floats, ev: Floats, residual: Floats
) -> list[tuple[str, int, float, float]]:
    """Average a particle's pixels by distance: target, bin, energy against its mean, and against that of its depth."""
    at = np.searchsorted(BIN_EDGES_UM, far_um, side="right") - 1
    return [
        (target, int(each), float(ev[at == each].mean()), float(residual[at == each].mean()))
        for each in np.unique(at)
        if each < len(BIN_EDGES_UM) - 1
    ]


def _bins_of_image(profiles: list[_Profile]) -> dict[str, object]:
    """Average over particles that the border does not cut: each counts once in a bin where it has pixels."""
    rows = pd.DataFrame(
        [row for each in profiles for row in each.bins], columns=["target", "bin", "ev", "at_depth_ev"]
    )
    table = rows.groupby(["target", "bin"], as_index=False).agg(
        ev=("ev", "mean"), at_depth_ev=("at_depth_ev", "mean"), particles=("ev", "size")
    )
    return {
        "state_bin_target": table["target"].tolist(),
        "state_bin_from_um": [BIN_EDGES_UM[each] for each in table["bin"]],
        "state_bin_to_um": [BIN_EDGES_UM[each + 1] for each in table["bin"]],
        "state_bin_particles": [int(each) for each in table["particles"]],
        "state_bin_ev": [float(each) for each in table["ev"]],
        "state_bin_at_depth_ev": [float(each) for each in table["at_depth_ev"]],
    }
