"""The finite volumes: one unknown a pixel and carrier, one conductance a face.

Each pixel is a volume with its potential at the centre. Two neighbouring pixels of one carrier are joined by the two
half pixels between their centres in series, which is the harmonic mean of their conductivities. A face between an
active and an ionic pixel joins the two networks: half a pixel of each, and the interface between them. The side that
feeds a network is half a pixel away from the centres of its outermost pixels. Faces alone conduct; corners do not.

The matrix is written row by row into its compressed form, because lists of all faces would need several times
the memory of the result.
"""

from dataclasses import dataclass
from typing import TypeVar

import numba as nb
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from cathograph.schema.composites import SIDES

Value = TypeVar("Value", bound=np.generic)

SLICE_THICKNESS_UM = 1.0
"""A 2D image stands for a slice of this thickness: its resistances are in ohm for 1 µm."""


@dataclass(frozen=True, eq=False)
class Medium:
    """How the phases of one image conduct, by their codes.

    Attributes
    ----------
    phases : ndarray of uint8, shape (y, x) or (z, y, x)
        Code of the phase of each pixel, 0 is background.
    pixel_size_um : float
        Edge of a pixel.
    ionic_s_per_m, electronic_s_per_m : ndarray of float64, shape (256,)
        Conductivity by code; 0 where the phase does not carry.
    active : ndarray of bool, shape (256,)
        Whether the phase reacts at its faces with ionic pixels.
    interface_ohm_m2 : float
        Resistance of the reaction, for an area.
    """

    phases: NDArray[np.uint8]
    pixel_size_um: float
    ionic_s_per_m: NDArray[np.float64]
    electronic_s_per_m: NDArray[np.float64]
    active: NDArray[np.bool_]
    interface_ohm_m2: float

    @property
    def face_area_m2(self) -> float:
        """Area of a pixel's face."""
        edge_m = self.pixel_size_um * 1e-6
        return edge_m * (edge_m if self.phases.ndim == 3 else SLICE_THICKNESS_UM * 1e-6)

    def half_pixel_ohm(self, conductivity_s_per_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Resistance from a pixel's centre to a face, by code; infinite where the phase does not carry."""
        with np.errstate(divide="ignore"):
            return 0.5 * self.pixel_size_um * 1e-6 / (conductivity_s_per_m * self.face_area_m2)


@dataclass(frozen=True, eq=False)
class Network:
    """The pixels of one carrier that are joined to the side that feeds them.

    Attributes
    ----------
    unknown : ndarray of int32, shape of the image
        Number of the unknown of each pixel, -1 where there is none.
    half_ohm : ndarray of float64, shape (256,)
        See `Medium.half_pixel_ohm`.
    side : str
        The side that feeds it.
    """

    unknown: NDArray[np.int32]
    half_ohm: NDArray[np.float64]
    side: str

    @property
    def reached(self) -> NDArray[np.bool_]:
        """Pixels of the network."""
        found: NDArray[np.bool_] = self.unknown >= 0
        return found


def place_of_side(side: str, ndim: int) -> tuple[int, int]:
    """Axis of a side, and -1 for its low or 1 for its high end."""
    place = SIDES.index(side)
    return (ndim - 2, ndim - 1, 0)[place // 2], (-1, 1)[place % 2]


def outermost(image: NDArray[Value], side: str) -> NDArray[Value]:
    """View the pixels at a side."""
    axis, direction = place_of_side(side, image.ndim)
    at_side: NDArray[Value] = np.moveaxis(image, axis, 0)[0 if direction < 0 else -1]
    return at_side


def network_from(
    medium: Medium, conductivity_s_per_m: NDArray[np.float64], side: str, first: int, *, through: str = ""
) -> tuple[Network, int]:
    """Find the pixels that a side reaches through faces of conducting pixels.

    Parameters
    ----------
    medium : Medium
        The image.
    conductivity_s_per_m : ndarray of float64, shape (256,)
        `Medium.ionic_s_per_m` or `Medium.electronic_s_per_m`.
    side : str
        The side that feeds the network.
    first : int
        Number of the first unknown.
    through : str, optional
        A second side that a piece has to touch, too.

    Returns
    -------
    Network, int
        The network, and the number of its unknowns.
    """
    pieces, n_pieces = ndimage.label((conductivity_s_per_m > 0)[medium.phases])
    kept = np.zeros(n_pieces + 1, dtype=np.bool_)
    kept[outermost(pieces, side)] = True
    if through:
        also = np.zeros_like(kept)
        also[outermost(pieces, through)] = True
        kept &= also
    kept[0] = False
    mask = kept[pieces]
    unknown = np.full(mask.shape, -1, dtype=np.int32)
    n = int(np.count_nonzero(mask))
    unknown[mask] = np.arange(first, first + n, dtype=np.int32)
    return Network(unknown, medium.half_pixel_ohm(conductivity_s_per_m), side), n


def assemble(
    medium: Medium, networks: tuple[Network, ...], held: tuple[tuple[Network, str, float], ...]
) -> tuple[sparse.csr_matrix, NDArray[np.float64]]:
    """Write the equations of one network, or of an ionic and an electronic one with the reaction between them.

    Parameters
    ----------
    medium : Medium
        The image.
    networks : tuple of Network
        One, or the ionic and the electronic one; their unknowns are numbered through.
    held : tuple of (Network, str, float)
        Sides at which a network is held at a potential in volt.

    Returns
    -------
    csr_matrix of float64, shape (n, n)
        Conductances in siemens: symmetric, positive definite.
    ndarray of float64, shape (n,)
        Current that the held sides feed, in ampere.
    """
    shape = medium.phases.shape if medium.phases.ndim == 3 else (1, *medium.phases.shape)
    phases = medium.phases.reshape(shape)
    n = sum(int(np.count_nonzero(each.reached)) for each in networks)
    diagonal, fed = np.zeros(n), np.zeros(n)
    for network, side, volt in held:
        at_side = outermost(network.unknown, side).ravel()
        codes = outermost(medium.phases, side).ravel()[at_side >= 0]
        conductance = 1 / network.half_ohm[codes]
        diagonal[at_side[at_side >= 0]] += conductance
        fed[at_side[at_side >= 0]] += conductance * volt
    unknowns = [each.unknown.reshape(shape) for each in networks]
    halves = [each.half_ohm for each in networks]
    interface_ohm = medium.interface_ohm_m2 / medium.face_area_m2
    starts = np.zeros(n + 1, dtype=np.int64)
    for own in range(len(networks)):
        other = 1 - own if len(networks) == 2 else own
        _count(phases, unknowns[own], unknowns[other], medium.active, own, len(networks) == 2, starts)
    np.cumsum(starts, out=starts)
    columns = np.empty(starts[-1], dtype=np.int32)
    values = np.empty(starts[-1])
    for own in range(len(networks)):
        other = 1 - own if len(networks) == 2 else own
        _fill(
            phases, unknowns[own], unknowns[other], medium.active, own, len(networks) == 2,
            halves[own], halves[other], interface_ohm, starts, diagonal, columns, values,
        )  # fmt: skip
    return sparse.csr_matrix((values, columns, starts), shape=(n, n)), fed


@nb.njit(cache=True)
def _reacts(code: int, other: int, active: NDArray[np.bool_], own: int) -> bool:
    """Tell whether a face reacts, seen from a pixel of the ionic (0) or the electronic (1) network."""
    return bool(active[other] if own == 0 else active[code])


@nb.njit(cache=True)
def _count(
    phases: NDArray[np.uint8],
    own_unknown: NDArray[np.int32],
    other_unknown: NDArray[np.int32],
    active: NDArray[np.bool_],
    own: int,
    coupled: bool,
    counts: NDArray[np.int64],
) -> None:
    """Count the entries of each row into ``counts[row + 1]``."""
    depth, height, width = phases.shape
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                row = own_unknown[z, y, x]
                if row < 0:
                    continue
                found = 1
                for step in range(6):
                    z2 = z + (step == 0) - (step == 1)
                    y2 = y + (step == 2) - (step == 3)
                    x2 = x + (step == 4) - (step == 5)
                    if z2 < 0 or y2 < 0 or x2 < 0 or z2 >= depth or y2 >= height or x2 >= width:
                        continue
                    if own_unknown[z2, y2, x2] >= 0:
                        found += 1
                    if (
                        coupled
                        and other_unknown[z2, y2, x2] >= 0
                        and _reacts(phases[z, y, x], phases[z2, y2, x2], active, own)
                    ):
                        found += 1
                counts[row + 1] = found


@nb.njit(cache=True)
def _fill(
    phases: NDArray[np.uint8],
    own_unknown: NDArray[np.int32],
    other_unknown: NDArray[np.int32],
    active: NDArray[np.bool_],
    own: int,
    coupled: bool,
    own_half: NDArray[np.float64],
    other_half: NDArray[np.float64],
    interface_ohm: float,
    starts: NDArray[np.int64],
    diagonal: NDArray[np.float64],
    columns: NDArray[np.int32],
    values: NDArray[np.float64],
) -> None:
    """Write the rows of one network: its diagonal first, then minus the conductance of each face."""
    depth, height, width = phases.shape
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                row = own_unknown[z, y, x]
                if row < 0:
                    continue
                code = phases[z, y, x]
                place = starts[row] + 1
                total = diagonal[row]
                for step in range(6):
                    z2 = z + (step == 0) - (step == 1)
                    y2 = y + (step == 2) - (step == 3)
                    x2 = x + (step == 4) - (step == 5)
                    if z2 < 0 or y2 < 0 or x2 < 0 or z2 >= depth or y2 >= height or x2 >= width:
                        continue
                    code2 = phases[z2, y2, x2]
                    if own_unknown[z2, y2, x2] >= 0:
                        conductance = 1 / (own_half[code] + own_half[code2])
                        columns[place] = own_unknown[z2, y2, x2]
                        values[place] = -conductance
                        total += conductance
                        place += 1
                    if coupled and other_unknown[z2, y2, x2] >= 0 and _reacts(code, code2, active, own):
                        conductance = 1 / (own_half[code] + interface_ohm + other_half[code2])
                        columns[place] = other_unknown[z2, y2, x2]
                        values[place] = -conductance
                        total += conductance
                        place += 1
                columns[starts[row]] = row
                values[starts[row]] = total
