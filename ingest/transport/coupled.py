"""Ions and electrons of one image with the reaction between them: the current of each particle and contact.

The ion side is held at 1 V and the electron side at 0 V. Current is that of positive charge: it enters with the ions,
passes the reaction into the active particles, and leaves against the electrons. All is linear, so shares do not
depend on the voltage. Pieces that their side does not reach are left out, so nothing flows through them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.transport.conductances import Medium, Network, assemble, network_from
from cathograph.ingest.transport.linear_solver import solve

_NOTHING = 1e-12
"""Share of the image's current below which a particle counts as one without."""


@dataclass(frozen=True, eq=False)
class CoupledTransport:
    """Currents in one image.

    Attributes
    ----------
    total_a : float
        Current at 1 V, in ampere (2D: 1 µm thick); 0 where the networks do not meet.
    particles : DataFrame
        One row per active region: ``label``, ``current_share``, ``ionic_access_ohm``, ``electronic_access_ohm``,
        ``limiting`` (NaN where no current flows), ``reached``.
    contacts : DataFrame
        One row per pair of regions with a face that conducts: ``a`` < ``b``, ``current_share`` from a to b.
    """

    total_a: float
    particles: pd.DataFrame
    contacts: pd.DataFrame


def coupled_transport(
    regions: Regions, medium: Medium, ion_side: str, electron_side: str, *, direct: bool | None = None
) -> CoupledTransport:
    """Solve the coupled problem.

    Parameters
    ----------
    regions : Regions
        Label image and phases.
    medium : Medium
        How its phases conduct.
    ion_side, electron_side : str
        Sides that feed ions and electrons.
    direct : bool, optional
        See `cathograph.ingest.transport.linear_solver.solve`.

    Returns
    -------
    CoupledTransport

    Notes
    -----
    The access resistance of a particle is the drop of potential from the side to its reacting faces (mean over them),
    over the particle's current. The drop is that of the whole electrode at work: what other particles draw through the
    same path counts. With n faces of resistance r, ``1 / current = ionic + electronic + r / n`` at 1 V.
    """
    ions, n_ions = network_from(medium, medium.ionic_s_per_m, ion_side, 0)
    electrons, n_electrons = network_from(medium, medium.electronic_s_per_m, electron_side, n_ions)
    volt = np.zeros(n_ions + n_electrons)
    if n_ions and n_electrons:
        matrix, fed = assemble(
            medium, (ions, electrons), ((ions, ion_side, 1.0), (electrons, electron_side, 0.0))
        )
        volt = solve(matrix, fed, direct=direct)
    sums = np.zeros((4, len(regions) + 1))  # faces, current, ionic and electronic potential at the faces
    flows: list[pd.DataFrame] = []
    for lower, upper in _neighbours(medium.phases.ndim):
        for at_ion, at_active in ((lower, upper), (upper, lower)):
            _add_reaction(sums, flows, regions, medium, ions, electrons, volt, at_ion, at_active)
        for network in (ions, electrons):
            _add_flow(flows, regions, medium, network, volt, lower, upper)
    active = np.flatnonzero(medium.active[regions.region_phases])
    faces, current, ionic_volt, electronic_volt = sums[:, active + 1]
    total = float(current.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        share = current / total if total > 0 else np.zeros(len(active))
        drops = np.stack([1 - ionic_volt / faces, electronic_volt / faces])
        access = np.where(share > _NOTHING, drops / current, np.nan)
        limiting = np.log(access[0] / access[1])
    share = np.where(np.abs(share) > _NOTHING, share, 0.0)
    particles = pd.DataFrame(
        {
            "label": regions.region_labels[active],
            "current_share": share,
            "ionic_access_ohm": access[0],
            "electronic_access_ohm": access[1],
            "limiting": np.where(np.isfinite(limiting), limiting, np.nan),
            "reached": faces > 0,
        }
    )
    return CoupledTransport(total, particles, _contacts(flows, regions, total))


def _neighbours(ndim: int) -> list[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    """Give views of all pixels but the last along each axis, and of their neighbours."""
    views = []
    for axis in range(ndim):
        lower = [slice(None)] * ndim
        upper = [slice(None)] * ndim
        lower[axis], upper[axis] = slice(None, -1), slice(1, None)
        views.append((tuple(lower), tuple(upper)))
    return views


def _add_reaction(
    sums: NDArray[np.float64],
    flows: list[pd.DataFrame],
    regions: Regions,
    medium: Medium,
    ions: Network,
    electrons: Network,
    volt: NDArray[np.float64],
    at_ion: tuple[slice, ...],
    at_active: tuple[slice, ...],
) -> None:
    """Add the faces along one direction between an ionic pixel and an active one."""
    active_code = medium.phases[at_active]
    reacts = ions.reached[at_ion] & electrons.reached[at_active] & medium.active[active_code]
    ion, electron = ions.unknown[at_ion][reacts], electrons.unknown[at_active][reacts]
    half_ion = ions.half_ohm[medium.phases[at_ion][reacts]]
    half_electron = electrons.half_ohm[active_code[reacts]]
    interface_ohm = medium.interface_ohm_m2 / medium.face_area_m2
    current = (volt[ion] - volt[electron]) / (half_ion + interface_ohm + half_electron)
    number = regions.numbers[at_active][reacts]
    for row, values in enumerate(
        (None, current, volt[ion] - half_ion * current, volt[electron] + half_electron * current)
    ):
        sums[row] += np.bincount(number, weights=values, minlength=sums.shape[1])
    _note(flows, regions.numbers[at_ion][reacts], number, current)


def _add_flow(
    flows: list[pd.DataFrame],
    regions: Regions,
    medium: Medium,
    network: Network,
    volt: NDArray[np.float64],
    lower: tuple[slice, ...],
    upper: tuple[slice, ...],
) -> None:
    """Add the faces along one axis between two regions of one network."""
    first, second = regions.numbers[lower], regions.numbers[upper]
    crosses = network.reached[lower] & network.reached[upper] & (first != second)
    half = [network.half_ohm[medium.phases[each][crosses]] for each in (lower, upper)]
    ends = [volt[network.unknown[each][crosses]] for each in (lower, upper)]
    _note(flows, first[crosses], second[crosses], (ends[0] - ends[1]) / (half[0] + half[1]))


def _note(
    flows: list[pd.DataFrame],
    start: NDArray[np.int32],
    end: NDArray[np.int32],
    current: NDArray[np.float64],
) -> None:
    signed = np.where(start < end, current, -current)
    flows.append(
        pd.DataFrame({"a": np.minimum(start, end), "b": np.maximum(start, end), "current": signed})
        .groupby(["a", "b"], as_index=False)
        .sum()
    )


def _contacts(flows: list[pd.DataFrame], regions: Regions, total: float) -> pd.DataFrame:
    summed = pd.concat(flows, ignore_index=True).groupby(["a", "b"], as_index=False).sum()
    share = summed["current"].to_numpy() / total if total > 0 else np.zeros(len(summed))
    return pd.DataFrame(
        {
            "a": regions.region_labels[summed["a"].to_numpy() - 1],
            "b": regions.region_labels[summed["b"].to_numpy() - 1],
            "current_share": np.where(np.abs(share) > _NOTHING, share, 0.0),
        }
    )
