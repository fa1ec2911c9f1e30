"""Recovery of a planted reaction front, and false alarms where there is none.

``python -m cathograph.benchmarks.accuracy.reaction_fronts`` makes phantoms with energy maps that have the texture of a
radial reaction with domains, blur and noise. Each of many stores draws some of these images. In each the mean slope at
equal depth (`cathograph.analysis.statistics.inside_particles`) is tested twice: without a front, and with one that
starts at the triple phase boundaries. The truth is the mean slope of the front itself, without texture, blur or noise,
over all particles of all phantoms.

A slope is a weighted sum of the energies of pixels, so the slope with a front is the sum of the slopes without it and
of the front alone. Each image is fitted once for each of the two, not once for each strength.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage, stats

from cathograph.analysis.statistics.inside_particles import mean_slope
from cathograph.ingest.measures import EnergyOverImage, StoredImage
from cathograph.ingest.measures.profiles import measure
from cathograph.ingest.regions.regions import Regions
from cathograph.phantom import (
    Microstructure,
    make_energy_map,
    make_microstructure,
    preset_parameters,
    reaction_front,
)
from cathograph.phantom.energy_map import ENERGY_WINDOW_EV, EnergyModel

SIDE_PX = 160
RESOLUTION_PX = 2.0
NOISE_EV = 0.15
DEPTHS_UM = (0.15, 0.5)
STRENGTH_EV = 0.6
TEXTURE = EnergyModel(outlier_fraction=0.0, soc_spread_ev=0.2, heterogeneity_ev=0.25, two_mode_share=0.2)
N_IMAGES, IMAGES_PER_STORE, N_STORES = 240, 12, 200
_MIDDLE_EV = 8344.0
_FWHM = 2.3548
_SLOPE = "junction_slope_ev_per_um"


@dataclass(frozen=True)
class Recovery:
    """What came out for one kind of front.

    Attributes
    ----------
    depth_um, strength_ev : float
        The front; strength 0: none.
    truth_ev_per_um : float
        Mean slope that it has.
    mean_ev_per_um : float
        Mean estimate over stores.
    stores : int
        Stores with a test.
    held : float
        Share of them whose 95 % interval holds the truth.
    found : float
        Share of them with p below 0.05.
    """

    depth_um: float
    strength_ev: float
    truth_ev_per_um: float
    mean_ev_per_um: float
    stores: int
    held: float
    found: float


def slopes_of_image(seed: int, depths_um: Sequence[float] = DEPTHS_UM) -> pd.DataFrame:
    """Fit one phantom without a front, and each front alone.

    Parameters
    ----------
    seed : int
        Of phantom, texture and noise.
    depths_um : sequence of float
        Depths of the fronts, each of `STRENGTH_EV`.

    Returns
    -------
    DataFrame
        One row per particle: what `mean_slope` needs, ``none``, and for each depth ``seen d`` (blurred) and ``true d``.
    """
    made = make_microstructure((SIDE_PX, SIDE_PX), seed=seed, parameters=preset_parameters("BLE"))
    regions = _regions_of(made)
    rng = np.random.default_rng(seed)
    sigma_px = RESOLUTION_PX / _FWHM
    texture = make_energy_map(made, seed=seed, model=TEXTURE).energy_ev
    noise = ndimage.gaussian_filter(rng.standard_normal(made.labels.shape), sigma_px)
    noise *= NOISE_EV / noise.std()
    table = pd.DataFrame({"label": regions.region_labels[regions.region_phases == _nmc(made)]})
    border = np.concatenate([made.labels[0], made.labels[-1], made.labels[:, 0], made.labels[:, -1]])
    table = table.assign(
        sample="s", image=str(seed), volume=None, flagged=False, touches_border=table["label"].isin(border)
    )

    def fitted(energy_ev: NDArray[np.float64]) -> NDArray[np.float64]:
        rim_um = RESOLUTION_PX * made.pixel_size_um
        over = EnergyOverImage(energy_ev, ENERGY_WINDOW_EV, rim_um, rim_um, "phantom")
        found = measure(StoredImage(regions, made.pixel_size_um, 3, over)).particles
        return table[["label"]].merge(found, on="label", how="left")[_SLOPE].to_numpy(dtype=np.float64)

    table["none"] = fitted(_blurred(texture, made, sigma_px) + noise)
    for depth_um in depths_um:
        front = _MIDDLE_EV + reaction_front(made, depth_um=depth_um, strength_ev=STRENGTH_EV)
        table[f"true {depth_um}"] = fitted(front)
        table[f"seen {depth_um}"] = fitted(_blurred(front, made, sigma_px))
    return table


def recoveries(
    images: Sequence[pd.DataFrame],
    *,
    stores: int,
    images_per_store: int,
    seed: int,
    depths_um: Sequence[float] = DEPTHS_UM,
) -> list[Recovery]:
    """Draw stores from images, and test each with and without a front."""
    rng = np.random.default_rng(seed)
    drawn = [rng.choice(len(images), images_per_store, replace=False) for _ in range(stores)]
    everything = pd.concat(images)
    whole = everything[~everything["touches_border"]]
    rows = []
    for depth_um in (0.0, *depths_um):
        truth = float(whole[f"true {depth_um}"].mean()) if depth_um else 0.0
        quoted = []
        for chosen in drawn:
            table = pd.concat([images[each] for each in chosen])
            front = table[f"seen {depth_um}"] if depth_um else 0.0
            quoted.append(mean_slope(table.assign(**{_SLOPE: table["none"] + front})).quoted)
        tested = [each for each in quoted if not np.isnan(each.p_value)]
        rows.append(
            Recovery(
                depth_um,
                STRENGTH_EV if depth_um else 0.0,
                truth,
                float(np.mean([each.estimate for each in tested])),
                len(tested),
                float(np.mean([each.ci[0] <= truth <= each.ci[1] for each in tested])),
                float(np.mean([each.p_value < 0.05 for each in tested])),
            )
        )
    return rows


def _regions_of(made: Microstructure) -> Regions:
    """Take the particles as they were drawn, so that no splitting comes between front and truth."""
    names, first = np.unique(made.labels, return_index=True)
    codes = made.phases.ravel()[first].astype(np.uint8)
    return Regions(made.labels.astype(np.int32), names[names > 0].astype(np.int64), codes[names > 0])


def _nmc(made: Microstructure) -> int:
    return made.materials.phase_of("nmc").code


def _blurred(energy_ev: NDArray[np.float64], made: Microstructure, sigma_px: float) -> NDArray[np.float64]:
    """Blur inside each particle: outside, fits fail and leave nothing to mix with."""
    blurred = np.full(energy_ev.shape, np.nan)
    for label in np.unique(made.labels[made.phases == _nmc(made)]):
        own = made.labels == label
        weight = ndimage.gaussian_filter(own.astype(np.float64), sigma_px)
        total = ndimage.gaussian_filter(np.where(own, energy_ev - _MIDDLE_EV, 0.0), sigma_px)
        blurred[own] = _MIDDLE_EV + total[own] / weight[own]
    return blurred


def main() -> None:
    """Print the table of docs/inside.md."""
    images = [slopes_of_image(seed) for seed in range(N_IMAGES)]
    rows = recoveries(images, stores=N_STORES, images_per_store=IMAGES_PER_STORE, seed=1)
    for each in rows:
        chance = stats.binom.std(each.stores, 0.95) / each.stores
        print(  # noqa: T201  a table for the page
            f"| {each.depth_um:g} | {each.strength_ev:g} | {each.truth_ev_per_um:+.3f} | {each.mean_ev_per_um:+.3f} | "
            f"{each.stores} | {each.held:.1%} | {each.found:.1%} | ({chance:.1%})"
        )


if __name__ == "__main__":
    main()
