"""The family transport: currents and access resistances of active particles (docs/transport.md)."""

import numpy as np
import pandas as pd

from cathograph.ingest.measures.measured import Measured, StoredImage
from cathograph.ingest.measures.sides import ion_axis
from cathograph.ingest.transport import Effective, Medium, coupled_transport, effective_transport
from cathograph.schema.composites import Composite, Role
from cathograph.schema.errors import CompositeError
from cathograph.schema.transport_parameters import TransportParameters


def measure(image: StoredImage) -> Measured:
    """Compute the family for one image.

    Raises
    ------
    CompositeError
        When the conductivities of the composite are not known, or a 2D image has no side where its ions come from.
    """
    regions = image.regions
    composite = regions.composite
    parameters = _parameters_of(composite)
    ion_axis(regions)
    medium = medium_of(image, parameters)
    coupled = coupled_transport(regions, medium, composite.ion_side, composite.electron_side)
    ionic = effective_transport(medium, medium.ionic_s_per_m, composite.ion_side)
    electronic = effective_transport(medium, medium.electronic_s_per_m, composite.ion_side)
    return Measured(
        coupled.particles,
        coupled.contacts,
        {
            "transport_parameters": parameters.definition,
            **_of_carrier("ionic", ionic),
            **_of_carrier("electronic", electronic),
            **_use(image, coupled.particles),
        },
    )


def medium_of(image: StoredImage, parameters: TransportParameters) -> Medium:
    """Look the conductivities of an image's phases up by their codes."""
    composite = image.regions.composite
    ionic, electronic, active = np.zeros(256), np.zeros(256), np.zeros(256, dtype=np.bool_)
    for phase in composite.phases:
        ionic[phase.code] = parameters.ionic_s_per_m.get(phase.name, 0.0)
        electronic[phase.code] = parameters.electronic_s_per_m.get(phase.name, 0.0)
        active[phase.code] = phase.has(Role.ACTIVE)
    return Medium(
        image.regions.phase_image,
        image.pixel_size_um,
        ionic,
        electronic,
        active,
        parameters.interface_ohm_m2,
    )


def _parameters_of(composite: Composite) -> TransportParameters:
    parameters = composite.transport_parameters
    if parameters is None:
        msg = (
            f"Found the composite {composite.name} without a block transport; expected conductivities of its phases. "
            "Add the block to its file, then ingest the image again."
        )
        raise CompositeError(msg)
    return parameters


def _of_carrier(carrier: str, effective: Effective) -> dict[str, float | None]:
    return {
        f"{carrier}_conductivity_s_per_m": effective.conductivity_s_per_m,
        f"{carrier}_tortuosity_factor": effective.tortuosity_factor,
    }


def _use(image: StoredImage, particles: pd.DataFrame) -> dict[str, float | None]:
    """How much of the active material is reached, by pixels, and how many particles carry no current."""
    regions = image.regions
    if particles.empty:
        return {"utilisation": None, "share_without_current": None}
    size = np.bincount(regions.numbers.ravel(), minlength=len(regions) + 1)[1:]
    of_active = size[regions.positions_with(Role.ACTIVE)]
    return {
        "utilisation": float(of_active[particles["reached"].to_numpy()].sum() / of_active.sum()),
        "share_without_current": float((particles["current_share"] == 0).mean()),
    }
