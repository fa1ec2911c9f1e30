"""What the user should know of an energy map: its place, steps, fill values, failed fits, noise and cut."""

from collections.abc import Mapping

import pandas as pd

from cathograph.ingest.options import StateMethod
from cathograph.ingest.states.energy_resolution import EnergyResolution
from cathograph.ingest.states.map_agreement import MapAgreement
from cathograph.ingest.states.map_placement import MapPlacement
from cathograph.ingest.states.map_trust import describe_agreement


def notes_on_matching(
    measurement: Mapping[str, object],
    placement: MapPlacement,
    agreement: MapAgreement | None,
    n_infinite: int,
) -> list[str]:
    """Say how well a map fits its image, and how many states are doubtful.

    Parameters
    ----------
    measurement : Mapping
        Properties of the measurement.
    placement : MapPlacement
        Where the map lies.
    agreement : MapAgreement or None
        How well it fits, where that can be told.
    n_infinite : int
        Infinite values in active particles.

    Returns
    -------
    list of str
        One sentence each, without a full stop.
    """
    notes = []
    shift = placement.residual_shift_um
    if placement.matching == "registered":
        notes.append(f"map placed by correlation at {_places(placement.offset_um)} µm")
    notes += describe_agreement(agreement, trusted_by=measurement["trusted_by"])
    if shift is not None:
        far = max(map(abs, shift)) > max(placement.image_pixel_um, placement.map_pixel_um)
        advice = ", more than a pixel; `by_correlation` or `map_offset_um` corrects it" if far else ""
        notes.append(f"shift left between map and NMC: {_places(shift)} µm{advice}")
    if n_infinite:
        notes.append(f"{n_infinite} infinite values in NMC count as missing")
    flagged, particles = measurement["n_flagged"], measurement["n_particles"]
    if flagged:
        notes.append(
            f"{flagged} of {particles} NMC flagged: too few valid pixels, or too many dropped or missing"
        )
    return notes


def notes_on_energies(
    found: EnergyResolution, method: StateMethod, states: pd.DataFrame, *, with_errors: bool
) -> list[str]:
    """Say what the values of a map are besides energies, and what is known of their errors.

    Parameters
    ----------
    found : EnergyResolution
        What the values say of how they were made.
    method : StateMethod
        How they were read.
    states : DataFrame
        From `cathograph.ingest.states.electrochemistry.measure_states`.
    with_errors : bool
        Whether the map holds standard errors.

    Returns
    -------
    list of str
        One sentence each, without a full stop.
    """
    notes = []
    if found.n_fill:
        notes.append(
            f"{found.n_fill} pixels hold {_listed(found.fill_ev)} where nothing was fitted, and count as missing"
        )
    if found.n_pinned:
        notes.append(
            f"{found.n_pinned} pixels hold {_listed(found.pinned_ev)} eV, where fits ended at a bound, and count as "
            "dropped"
        )
    if found.step_ev is not None:
        coarse = ", too coarse for a polarization" if found.is_coarse(method) else ""
        notes.append(f"the energies lie on steps of {found.step_ev:g} eV{coarse}")
    if not with_errors:
        notes.append(
            "the map holds no standard errors, so heterogeneity is not corrected for the noise of the fit"
        )
    elif (states["soc_ev"].notna() & states["heterogeneity_corrected_ev"].isna()).any():
        notes.append(
            "some NMC have too few standard errors to correct their heterogeneity for the noise of the fit"
        )
    known = int(states["heterogeneity_uncut_ev"].notna().sum())
    cut = known + int(states["uncut_reason"].notna().sum())
    if cut:
        notes.append(
            f"the window cuts the energies of {cut} NMC; their whole spread is estimated for {known}"
        )
    return notes


def _places(lengths_um: tuple[float, ...]) -> str:
    return "(" + ", ".join(f"{each:.4g}" for each in lengths_um) + ")"


def _listed(values_ev: tuple[float, ...]) -> str:
    return " and ".join(f"{value:.8g}" for value in values_ev)
