"""Conductivities and interface resistance of a composite, for the transport on its phase images.

A composite of one's own states them in its YAML file::

    transport:
      ionic_s_per_m: {SSE: 0.1}
      electronic_s_per_m: {NMC: 0.01, Graphite: 1000}
      interface_ohm_m2: 1.0e-3

The built-in composites have the defaults below. They are orders of magnitude, to compare particles and samples with
one set of numbers; they are no measurement of anybody's material. They are not part of the composite's hash, because
they do not shape the graph; what was used is stored with the measure.
"""

import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from cathograph.schema.errors import CompositeError


@dataclass(frozen=True)
class TransportParameters:
    """How the phases of a composite conduct.

    Attributes
    ----------
    ionic_s_per_m, electronic_s_per_m : dict of str to float
        Conductivity in S/m by the name of the phase: of all ionic phases, and of all electronic and active ones.
    interface_ohm_m2 : float
        Resistance of the reaction at the face between an active and an ionic phase, in Ω m².

    Raises
    ------
    CompositeError
        When a number is not positive and finite.
    """

    ionic_s_per_m: dict[str, float]
    electronic_s_per_m: dict[str, float]
    interface_ohm_m2: float

    def __post_init__(self) -> None:
        """Refuse numbers that do not conduct."""
        named = {
            **{f"ionic_s_per_m of {name}": value for name, value in self.ionic_s_per_m.items()},
            **{f"electronic_s_per_m of {name}": value for name, value in self.electronic_s_per_m.items()},
            "interface_ohm_m2": self.interface_ohm_m2,
        }
        for name, value in named.items():
            if not (math.isfinite(value) and value > 0):
                msg = f"Found {value!r} for {name}; expected a positive number. Correct the block transport."
                raise CompositeError(msg)

    @property
    def definition(self) -> str:
        """All numbers as canonical JSON, as they are stored with the measure."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_parts(cls, parts: dict[str, Any], composite: str) -> "TransportParameters":
        """Make them from plain values, as YAML or JSON hold them.

        Raises
        ------
        CompositeError
            When a key is missing or unknown, or a value is no positive number.
        """
        expected = {"ionic_s_per_m", "electronic_s_per_m", "interface_ohm_m2"}
        if not isinstance(parts, dict) or set(parts) != expected:
            found = ", ".join(sorted(parts)) if isinstance(parts, dict) else repr(parts)
            msg = (
                f"{composite}: found {found or 'nothing'} in the block transport; expected "
                f"{', '.join(sorted(expected))}. Correct the block."
            )
            raise CompositeError(msg)
        try:
            return cls(
                {str(name): float(value) for name, value in parts["ionic_s_per_m"].items()},
                {str(name): float(value) for name, value in parts["electronic_s_per_m"].items()},
                float(parts["interface_ohm_m2"]),
            )
        except (AttributeError, TypeError, ValueError) as error:
            msg = (
                f"{composite}: found a block transport that does not hold numbers ({error}); expected a number for "
                "each phase, as in {SSE: 0.1}, and one for interface_ohm_m2. Correct the block."
            )
            raise CompositeError(msg) from error


DEFAULTS: dict[str, TransportParameters] = {
    # SSE: argyrodites, about 1 mS/cm at 25 °C. NMC: 0.1 mS/cm; it varies over decades with the state of charge.
    # Graphite: carbon additives, about 10 S/cm. Interface: 10 Ω cm².
    "ssb-cathode": TransportParameters({"SSE": 0.1}, {"NMC": 0.01, "Graphite": 1e3}, 1e-3),
    # Pore: 1 M LiPF6 in carbonates, about 10 mS/cm. CBD: films of carbon black and PVDF, about 1 S/cm.
    "lib-cathode": TransportParameters({"Pore": 1.0}, {"NMC": 0.01, "CBD": 1e2}, 1e-3),
    # 8YSZ and nickel at 800 °C: about 30 mS/cm and 20 kS/cm. Interface: 0.1 Ω cm².
    "sofc-electrode": TransportParameters({"YSZ": 3.0}, {"Ni": 2e6}, 1e-5),
}
"""Defaults of the built-in composites; orders of magnitude (docs/transport.md)."""
