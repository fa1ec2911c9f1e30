"""Phases by the modes of the grey values, without rims that are not there.

Why this method. Multi-Otsu always finds as many phases as it is asked for: without a third phase it cuts the ramp at
the outline of particles, or noise. Here the grey values must show each phase: a mode of its own among pixels away from
outlines, with a valley beside it. Phases without one are named as ones that grey values cannot tell apart. Pixels on an
outline go to one of its two sides (`cathograph.ingest.segmentation.partial_volume`).

Strategy: scale; a median filter; the histogram of the half of the pixels with the smaller gradient; its modes, with the
weakest removed one by one; thresholds halfway between them, or at the valley where halfway is none; outlines.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cathograph.ingest.segmentation.classical import MultiOtsu
from cathograph.ingest.segmentation.grey_scale import find_grey_scale
from cathograph.ingest.segmentation.partial_volume import gradient_of, resolve_ramps
from cathograph.schema.composites import SSB_CATHODE, Composite, Phase
from cathograph.schema.errors import SegmentationError
from cathograph.schema.keys import JsonScalar

Floats = NDArray[np.float32]

GREY_BINS = 300
LOWEST, HIGHEST = -0.25, 1.25
SMOOTHING_BINS = 4.0
FLAT_SHARE = 0.5
SURE_DEPTH = 0.3


@dataclass(frozen=True, eq=False)
class GreyPhases:
    """What the grey values of an image show.

    Attributes
    ----------
    modes : float64 array, (k,)
        Typical scaled grey value of each mode, ascending.
    valleys : float64 array, (k - 1,)
        Scaled grey value between each two.
    names : tuple of int
        Number, among the named phases, of each mode.
    """

    modes: NDArray[np.float64]
    valleys: NDArray[np.float64]
    names: tuple[int, ...]


@dataclass(frozen=True)
class GreyModes:
    """Phases by the modes of denoised grey values.

    Parameters
    ----------
    phases_by_grey
        Phases from darkest to brightest, 2 to 5, as one text with commas: those that the image may hold.
    denoise_radius_px
        Radius of the median filter, 0 to 20 pixels.
    valley_depth
        Between two phases the histogram falls to at most 1 minus this share of its lower mode, above 0 and below 1.
    smallest_share
        A mode with a smaller share of the flat pixels is none, 0 or more and below 0.5.
    composite
        Whose phases they are.

    Raises
    ------
    SegmentationError
        When a parameter is out of its range.

    Notes
    -----
    With fewer modes than named phases, the darkest mode is the first phase and the brightest the last; those
    between are named as if the phases were evenly spaced in grey.

    Examples
    --------
    >>> halves = np.repeat([[10.0, 90.0]], 8, axis=0).repeat(4, axis=1)
    >>> segmenter = GreyModes(phases_by_grey="SSE,NMC")
    >>> segmenter.segment(halves)[0].tolist(), segmenter.doubts(halves)
    ([1, 1, 1, 1, 2, 2, 2, 2], ())
    """

    phases_by_grey: str = "background,Graphite,SSE,NMC"
    denoise_radius_px: int = 1
    valley_depth: float = 0.05
    smallest_share: float = 0.01
    composite: Composite = SSB_CATHODE

    name: ClassVar[str] = "grey-modes"
    version: ClassVar[str] = "1"

    def __post_init__(self) -> None:
        """Check every parameter."""
        MultiOtsu(phases_by_grey=self.phases_by_grey, composite=self.composite)
        radius = self.denoise_radius_px
        checks = {
            "denoise_radius_px": (radius == int(radius) and 0 <= radius <= 20, "a whole number from 0 to 20"),
            "valley_depth": (0 < self.valley_depth < 1, "a number above 0 and below 1"),
            "smallest_share": (0 <= self.smallest_share < 0.5, "a number from 0 to below 0.5"),
        }
        for name, (holds, expected) in checks.items():
            if not (holds and math.isfinite(getattr(self, name))):
                msg = f"Found {name}={getattr(self, name)!r}; expected {expected}. Correct the parameter of grey-modes."
                raise SegmentationError(msg)

    @cached_property
    def phases(self) -> tuple[Phase, ...]:
        """Phases from darkest to brightest."""
        return MultiOtsu(phases_by_grey=self.phases_by_grey, composite=self.composite).phases

    @property
    def parameters(self) -> Mapping[str, JsonScalar]:
        """All parameters, phases in their canonical spelling."""
        return {
            "phases_by_grey": ",".join(phase.name for phase in self.phases),
            "denoise_radius_px": int(self.denoise_radius_px),
            "valley_depth": float(self.valley_depth),
            "smallest_share": float(self.smallest_share),
        }

    def segment(self, image: NDArray[Any]) -> NDArray[np.uint8]:
        """Return the phase of each pixel; call it through `run_segmenter`, which checks the image.

        Parameters
        ----------
        image
            Grey values, shape (y, x) or (z, y, x), all finite.

        Raises
        ------
        SegmentationError
            When the image has no contrast, or its grey values show a single phase.
        """
        grey = self._denoised(image)
        found = self._find(grey)
        ranks = resolve_ramps(grey, np.digitize(grey, found.valleys), found.modes)
        codes = np.array([self.phases[number].code for number in found.names], dtype=np.uint8)
        labelled: NDArray[np.uint8] = codes[ranks]
        return labelled

    def doubts(self, image: NDArray[Any]) -> tuple[str, ...]:
        """Say which named phases the grey values cannot tell apart, one sentence a pair.

        A phase is sure where the histogram falls by `SURE_DEPTH` beside its mode. `segment` also uses shallower
        valleys.

        Raises
        ------
        SegmentationError
            When the image has no contrast.
        """
        modes, _ = self._histogram(self._denoised(image), SURE_DEPTH)
        sure = _name_modes(modes, len(self.phases)) if len(modes) > 1 else (0,)
        absent = [number for number in range(len(self.phases)) if number not in sure]
        pairs = [(number, _nearest(number, sure)) for number in absent]
        return tuple(
            f"grey values cannot tell {self.phases[number].name} from {self.phases[other].name}: they show "
            f"{len(modes)} of {len(self.phases)} phases"
            for number, other in pairs
        )

    def _denoised(self, image: NDArray[Any]) -> Floats:
        grey = find_grey_scale(image).apply(image)
        radius = int(self.denoise_radius_px)
        return ndimage.median_filter(grey, size=2 * radius + 1) if radius else grey

    def _find(self, grey: Floats) -> GreyPhases:
        modes, valleys = self._histogram(grey, self.valley_depth)
        if len(modes) < 2:
            msg = (
                f"Found one mode of grey values; expected at least two of {self.phases_by_grey}. Lower valley_depth, "
                "denoise more, or paint strokes (`cathograph segment` with strokes)."
            )
            raise SegmentationError(msg)
        return GreyPhases(modes, valleys, _name_modes(modes, len(self.phases)))

    def _histogram(self, grey: Floats, depth: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return grey values of the modes among flat pixels, and where to cut between them."""
        _, length = gradient_of(grey)
        flat = grey[length <= np.quantile(length, FLAT_SHARE)]
        counts, edges = np.histogram(np.clip(flat, LOWEST, HIGHEST), bins=GREY_BINS, range=(LOWEST, HIGHEST))
        smooth = ndimage.gaussian_filter1d(counts.astype(np.float64), SMOOTHING_BINS, mode="constant")
        modes, valleys = _modes(smooth, counts, depth, self.smallest_share, len(self.phases))
        cuts = [
            _cut(smooth, valley, *ends, depth) for valley, ends in zip(valleys, pairwise(modes), strict=True)
        ]
        middles = (edges[:-1] + edges[1:]) / 2
        return middles[modes], middles[np.array(cuts, dtype=np.intp)]


def _nearest(number: int, sure: tuple[int, ...]) -> int:
    """Return the sure phase next to `number`: of two, one between the ends, else the darker one."""
    return min(sure, key=lambda name: (abs(name - number), name in (sure[0], sure[-1]), name))


def _modes(
    smooth: NDArray[np.float64], counts: NDArray[np.int_], depth: float, smallest_share: float, most: int
) -> tuple[list[int], list[int]]:
    """Return the bins of modes and of the valleys between them; the weakest are joined to a neighbour one by one."""
    rising = np.diff(np.concatenate([[0.0], smooth, [0.0]]))
    modes = [int(at) for at in np.flatnonzero((rising[:-1] > 0) & (rising[1:] <= 0))]
    while True:
        valleys = [low + int(np.argmin(smooth[low : high + 1])) for low, high in pairwise(modes)]
        if not valleys:
            return modes, valleys
        bounds = [0, *valleys, len(counts)]
        shares = [float(counts[low:high].sum() / counts.sum()) for low, high in pairwise(bounds)]
        small = int(np.argmin(shares))
        if shares[small] < smallest_share:
            del modes[small]
            continue
        ratios = [
            smooth[valley] / min(smooth[low], smooth[high])
            for valley, low, high in zip(valleys, modes, modes[1:], strict=False)
        ]
        shallow = int(np.argmax(ratios))
        if ratios[shallow] <= 1 - depth and len(modes) <= most:
            return modes, valleys
        del modes[shallow if smooth[modes[shallow]] < smooth[modes[shallow + 1]] else shallow + 1]


def _cut(smooth: NDArray[np.float64], valley: int, low: int, high: int, depth: float) -> int:
    """Return the bin halfway between two modes, where an outline lies; the valley, where halfway is no part of it."""
    halfway = (low + high) // 2
    return halfway if smooth[halfway] <= (1 - depth) * min(smooth[low], smooth[high]) else valley


def _name_modes(modes: NDArray[np.float64], n_phases: int) -> tuple[int, ...]:
    """Return the number of the phase of each mode: ascending, both ends given, closest to even spacing."""
    place = (modes - modes[0]) / (modes[-1] - modes[0]) * (n_phases - 1)
    between = combinations(range(1, n_phases - 1), len(modes) - 2)
    return min(
        ((0, *middle, n_phases - 1) for middle in between),
        key=lambda names: float(((np.array(names) - place) ** 2).sum()),
    )
