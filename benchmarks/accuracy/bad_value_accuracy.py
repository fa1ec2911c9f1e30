"""What single bad values do to edge energies: ``python -m cathograph.benchmarks.accuracy.bad_value_accuracy``.

Prints the table of docs/xanes.md: phantom spectra with an edge jump of 50 times the noise, in which one value of
every pixel, at random, is 0, missing, or hot.
"""

import numpy as np
from numpy.typing import NDArray

from cathograph.benchmarks.xanes_stacks import ENERGIES_EV, make_phantom_references, make_spectra
from cathograph.ingest.stacks.energy_stack import ArrayEnergyStack
from cathograph.ingest.xanes.fitting import fit_stack
from cathograph.ingest.xanes.gaussian_peak import GaussianWhiteLine
from cathograph.ingest.xanes.half_height import HalfHeight
from cathograph.ingest.xanes.linear_combination import LinearCombination
from cathograph.ingest.xanes.methods import Method
from cathograph.ingest.xanes.normalisation import Normalisation
from cathograph.ingest.xanes.quality import QualityLimits, mask_pixels
from cathograph.ingest.xanes.white_line import WhiteLine

_SIDE_PX = 64
_SNR = 50.0
_EDGE_EV = 8344.0
_ANYWHERE = (0.0, 1e6)
_KINDS = ("nothing", "a 0", "a missing value", "a zinger of 0.5", "a zinger of -5")


def spoil(spectra: NDArray[np.float32], kind: str, seed: int = 1) -> NDArray[np.float32]:
    """Return spectra (n, y, x) with one bad value in every pixel.

    Parameters
    ----------
    spectra : ndarray of float32, shape (n, height, width)
        Absorbance.
    kind : str
        One of the kinds of the table.
    seed : int
        Seed of the energies that are spoiled.
    """
    spoiled = spectra.copy()
    height, width = spectra.shape[1:]
    places = np.random.default_rng(seed).integers(0, len(spectra), (height, width))
    where = (places, *np.indices((height, width)))
    if kind == "a 0":
        spoiled[where] = 0
    elif kind == "a missing value":
        spoiled[where] = np.nan
    elif kind.startswith("a zinger"):
        spoiled[where] += np.float32(kind.split()[-1])
    return spoiled


def measure(method: Method, kind: str) -> tuple[float, float, float]:
    """Return root-mean-square error in eV, share of errors above 0.5 eV, and share of pixels kept."""
    edges = np.random.default_rng(0).uniform(_EDGE_EV - 2, _EDGE_EV + 2, (_SIDE_PX, _SIDE_PX))
    stack = ArrayEnergyStack(spoil(make_spectra(edges, snr=_SNR, seed=0), kind), ENERGIES_EV)
    fitted = fit_stack(stack, method, Normalisation())
    found, counts = mask_pixels(
        fitted.edge_energy_ev, fitted.quality, fitted.residual, fitted.dead, QualityLimits(), _ANYWHERE
    )
    error = (found - edges)[np.isfinite(found)]
    error -= np.median(error)
    return (
        float(np.sqrt(np.mean(error**2))),
        float(np.mean(np.abs(error) > 0.5)),
        counts.valid / counts.total,
    )


def main() -> None:
    """Print the table."""
    methods: tuple[Method, ...] = (
        WhiteLine(),
        GaussianWhiteLine(),
        HalfHeight(),
        LinearCombination(make_phantom_references()),
    )
    print("| method | in every pixel | rms error / eV | above 0.5 eV | kept |")  # noqa: T201  its output
    print("| --- | --- | --- | --- | --- |")  # noqa: T201
    for method in methods:
        for kind in _KINDS:
            error, far, kept = measure(method, kind)
            print(f"| {method.name} | {kind} | {error:.3f} | {far:.1%} | {kept:.1%} |")  # noqa: T201


if __name__ == "__main__":
    main()
