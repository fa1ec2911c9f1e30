"""X-ray-like grey images of a phantom: phase contrast, blur, shading, artefacts, noise.

The forward model follows single-distance propagation. By the transport-of-intensity equation a
weakly absorbing object imaged at a distance gives, after reconstruction, its absorption minus a
multiple of the Laplacian of its refraction; where refraction is proportional to absorption (the
assumption of Paganin's filter, which undoes just this) the reconstructed value is

    f_app = f − c ∇²f,        c = z δ/μ in squared pixels,

which is the bright and dark fringe along every interface. Then come the detector's blur, cupping as
beam hardening leaves it, rings, and noise:

    g = PSF_σ ∗ (f − c ∇²f),   g ← g (1 − s (1 − ρ²)) + ring(ρ),   g ← Poisson(N g)/N + N(0, σ_e²)
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cathograph.phantom.microstructure import Microstructure, check_seed
from cathograph.schema.composites import BACKGROUND_PHASE, SSB_CATHODE, Phase
from cathograph.schema.errors import InputError
from cathograph.schema.phases import GRAPHITE, NMC, SSE

PHASE_GREYS: Mapping[Phase, float] = MappingProxyType(
    {BACKGROUND_PHASE: 0.10, GRAPHITE: 0.30, SSE: 0.50, NMC: 1.00}
)
"""Default grey value of each phase, in the order of X-ray absorption: pore, graphite, sulphide SSE, NMC."""


@dataclass(frozen=True)
class Imaging:
    """How a grey image is taken.

    Parameters
    ----------
    phase_greys : mapping of Phase to float
        Grey value of each phase, at least 0, before everything else.
    fringe_px2 : float
        Strength c of the phase-contrast fringes in squared pixels; 0 turns them off.
    blur_px : float
        Standard deviation of the Gaussian point spread function in pixels.
    photons : float or None
        Photons per pixel at grey value 1; None for no shot noise.
    electronic_noise : float
        Standard deviation of the additive Gaussian noise in grey values.
    cupping : float
        Share, 0 to 1, by which the middle of each slice is darker than its rim.
    ring_strength : float
        Standard deviation of the rings around the middle of each slice in grey values.
    stripe_strength : float
        Standard deviation of vertical stripes (bad detector columns) in grey values.

    Raises
    ------
    InputError
        When a value is out of its range.
    """

    phase_greys: Mapping[Phase, float] = field(default_factory=lambda: PHASE_GREYS)
    fringe_px2: float = 2.0
    blur_px: float = 1.0
    photons: float | None = 600.0
    electronic_noise: float = 0.02
    cupping: float = 0.05
    ring_strength: float = 0.01
    stripe_strength: float = 0.0

    def __post_init__(self) -> None:
        """Check every value against its range."""
        for name in ("fringe_px2", "blur_px", "electronic_noise", "ring_strength", "stripe_strength"):
            found = getattr(self, name)
            if not (math.isfinite(found) and found >= 0):
                msg = f"Found {name}={found!r}; expected a number, 0 or more."
                raise InputError(msg)
        if not 0 <= self.cupping <= 1:
            msg = f"Found cupping={self.cupping!r}; expected 0 to 1."
            raise InputError(msg)
        if self.photons is not None and not (math.isfinite(self.photons) and self.photons > 0):
            msg = f"Found photons={self.photons!r}; expected a number above 0, or None for no shot noise."
            raise InputError(msg)
        for phase in SSB_CATHODE.all_phases:
            grey = self.phase_greys.get(phase)
            if grey is None or not (math.isfinite(grey) and grey >= 0):
                msg = f"Found phase_greys with {grey!r} for {phase}; expected a number, 0 or more, for each."
                raise InputError(msg)


PERFECT = Imaging(
    fringe_px2=0, blur_px=0, photons=None, electronic_noise=0, cupping=0, ring_strength=0, stripe_strength=0
)
"""An imaging without fringes, blur, artefacts and noise: each pixel has its phase's grey value."""


def render_grey(
    microstructure: Microstructure, *, seed: int, imaging: Imaging | None = None
) -> NDArray[np.float32]:
    """Render the grey image that an X-ray microscope would give of a phantom.

    Parameters
    ----------
    microstructure : Microstructure
        The phantom, 2D or 3D.
    seed : int
        Seed of noise and artefacts, not negative.
    imaging : Imaging, optional
        How it is taken; fringes, blur, some cupping, rings and noise when not given.

    Returns
    -------
    ndarray of float32, shape of the phantom
        Grey values; 1 is bulk NMC by default. Fringes and noise may go below 0.

    Raises
    ------
    InputError
        For a seed that is not a whole number from 0, or a phantom of another composite than the default one.

    Notes
    -----
    Fringes: transport of intensity as in Paganin et al., J. Microsc. 206 (2002) 33. Photon noise is drawn
    per reconstructed pixel, without the correlations that filtered back-projection brings.

    Examples
    --------
    >>> from cathograph.phantom.microstructure import make_microstructure
    >>> phantom = make_microstructure((64, 64), seed=0)
    >>> sorted({round(float(grey), 2) for grey in render_grey(phantom, seed=0, imaging=PERFECT).flat})
    [0.1, 0.3, 0.5, 1.0]
    """
    microstructure.materials.require_default("a grey image")
    how = Imaging() if imaging is None else imaging
    rng = np.random.default_rng(check_seed(seed))
    greys = np.array([how.phase_greys[phase] for phase in SSB_CATHODE.all_phases], dtype=np.float32)
    by_code = np.zeros(max(phase.code for phase in SSB_CATHODE.all_phases) + 1, dtype=np.float32)
    by_code[[phase.code for phase in SSB_CATHODE.all_phases]] = greys
    grey = by_code[microstructure.phases]
    if how.blur_px > 0:  # blur and Laplacian commute; blurred first, the fringe is well sampled
        grey = ndimage.gaussian_filter(grey, how.blur_px, mode="nearest")
    if how.fringe_px2 > 0:
        grey = grey - np.float32(how.fringe_px2) * ndimage.laplace(grey, mode="nearest")
    grey = _with_artefacts(grey, how, rng)
    if how.photons is not None:
        # Noise of negative (over-shot) values has no meaning; they keep their value.
        bright = np.maximum(grey, 0)
        grey += rng.poisson(bright * how.photons).astype(np.float32) / np.float32(how.photons) - bright
    if how.electronic_noise > 0:
        grey += np.float32(how.electronic_noise) * rng.standard_normal(grey.shape, dtype=np.float32)
    return np.asarray(grey, dtype=np.float32)


def _with_artefacts(grey: NDArray[np.float32], how: Imaging, rng: np.random.Generator) -> NDArray[np.float32]:
    """Add cupping, rings and stripes, the same in each slice along z."""
    height, width = grey.shape[-2:]
    y, x = np.ogrid[:height, :width]
    distance = np.hypot(y - (height - 1) / 2, x - (width - 1) / 2)
    if how.cupping > 0:
        rho_squared = (distance / distance.max()) ** 2
        grey = grey * np.asarray(1 - how.cupping * (1 - rho_squared), dtype=np.float32)
    if how.ring_strength > 0:
        rings = how.ring_strength * rng.standard_normal(int(distance.max()) + 2)
        grey = grey + np.interp(distance, np.arange(len(rings)), rings).astype(np.float32)
    if how.stripe_strength > 0:
        grey = grey + np.float32(how.stripe_strength) * rng.standard_normal(width, dtype=np.float32)
    return grey
