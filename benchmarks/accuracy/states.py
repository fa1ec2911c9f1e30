"""States of particles: time beside a loop over particles, and what few pixels do to the polarization.

``python -m cathograph.benchmarks.accuracy.states`` prints both tables of docs/electrochemistry.md. The loop
is what one would write with numpy and scipy: each particle's crop, its histogram, its peaks. Its numbers
must be ours.
"""

import sys
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from cathograph.benchmarks.label_images import make_composite
from cathograph.ingest.options import StateMethod
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.states.electrochemistry import measure_states
from cathograph.ingest.states.peak_distance import peak_distances
from cathograph.schema.phases import NMC

Result = TypeVar("Result")
_RUNS = 3
_SIMULATED = 4000
_COUNTS = (20, 50, 100, 200, 400, 1000)
_SPREADS_EV = (0.3, 0.45, 0.7, 1.0)


def make_map(side: int) -> tuple[Regions, NDArray[np.float32]]:
    """Make an image of about 20-pixel NMC, and a map of one mode a particle with 5 % of NaN."""
    labels = make_composite((side, side))
    names = np.unique(labels)[1:].astype(np.int64)
    rng = np.random.default_rng(0)
    energy_ev = (8344 + 0.6 * rng.standard_normal(labels.shape, dtype=np.float32)).astype(np.float32)
    energy_ev[rng.random(labels.shape, dtype=np.float32) < 0.05] = np.nan
    return Regions(labels, names, np.full(len(names), NMC.code, np.uint8)), energy_ev


def loop_over_particles(
    image: Regions, energy_ev: NDArray[np.float32], how: StateMethod
) -> NDArray[np.float64]:
    """Compute mean, standard deviation and peak distance, one particle after the other."""
    rows = np.full((int(image.region_labels[-1]), 3), np.nan)
    for row, box in enumerate(ndimage.find_objects(image.labels)):
        if box is None:
            continue
        values = energy_ev[box][image.labels[box] == row + 1].astype(np.float64)
        valid = values[(values >= how.window_ev[0]) & (values <= how.window_ev[1])]
        if len(valid) < how.min_pixels:
            continue
        counts, edges = np.histogram(valid, how.bins, how.window_ev)
        smooth = ndimage.gaussian_filter1d(counts.astype(float), how.smoothing_bins, mode="constant", cval=0)
        smooth = np.round(smooth / smooth.max(), 12)
        peaks = signal.find_peaks(np.pad(smooth, 1), height=how.peak_threshold)[0] - 1
        at = (edges[peaks] + edges[peaks + 1]) / 2
        above, below = at[at > how.reference_ev], at[at < how.reference_ev]
        distance = np.nan
        if len(at) <= 2:
            distance = np.ptp(at)
        elif len(above) and len(below):
            distance = above.mean() - below.mean()
        rows[row] = valid.mean(), valid.std(), distance
    return rows


def compare(side: int, *, with_loop: bool) -> str:
    """Time one map of side × side pixels, beside the loop with which it must agree."""
    image, energy_ev = make_map(side)
    how = StateMethod()
    measure_states(image, energy_ev, how)  # compiles
    ours_s, states = _fastest(lambda: measure_states(image, energy_ev, how))
    line = f"| {side} × {side} | {len(states.table)} | {ours_s:.2f} s |"
    if not with_loop:
        return f"{line} – | – |"
    loop_s, rows = _fastest(lambda: loop_over_particles(image, energy_ev, how), runs=1)
    ours = states.table[["soc_ev", "heterogeneity_ev", "polarization_ev"]].to_numpy()
    np.testing.assert_allclose(ours, rows[image.region_labels - 1], rtol=1e-7, atol=1e-9)
    return f"{line} {loop_s:.1f} s | {loop_s / ours_s:.0f} |"


def false_peaks(spread_ev: float, n_pixels: int) -> float:
    """Share of particles of one normal mode in which more than one peak is found."""
    how = StateMethod()
    values = how.reference_ev + spread_ev * np.random.default_rng(0).standard_normal((_SIMULATED, n_pixels))
    bins = ((values - how.window_ev[0]) / how.bin_ev).astype(int).clip(0, how.bins - 1)
    histograms = np.zeros((_SIMULATED, how.bins), dtype=int)
    np.add.at(histograms, (np.arange(_SIMULATED)[:, None], bins), 1)
    found = peak_distances(
        histograms, smoothing_bins=how.smoothing_bins, threshold=how.peak_threshold, reference_bins=31.5
    )
    return float((found.n_peaks > 1).mean())


def main() -> int:
    """Print both tables as Markdown."""
    write = sys.stdout.write
    write("| map | particles | ours | loop | ratio |\n|---|---|---|---|---|\n")
    for side, with_loop in ((2048, True), (8192, False)):
        write(compare(side, with_loop=with_loop) + "\n")
    write("\n| spread | " + " | ".join(f"{n} px" for n in _COUNTS) + " |\n")
    write("|---" * (len(_COUNTS) + 1) + "|\n")
    for spread_ev in _SPREADS_EV:
        shares = " | ".join(f"{100 * false_peaks(spread_ev, n):.1f} %" for n in _COUNTS)
        write(f"| {spread_ev:g} eV | {shares} |\n")
    return 0


def _fastest(work: Callable[[], Result], runs: int = _RUNS) -> tuple[float, Result]:
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - began)
    return min(times), result


if __name__ == "__main__":
    sys.exit(main())
