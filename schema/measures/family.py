"""What a family of measures is: properties of particles that are computed apart from the segmentation."""

from dataclasses import dataclass

from cathograph.schema.composites.composite import Composite, Role
from cathograph.schema.properties import Kind, Property


@dataclass(frozen=True)
class MeasureFamily:
    """Measures that one module computes together.

    Attributes
    ----------
    name : str
        Its name, and that of the module in ``cathograph.ingest.measures`` that computes it.
    version : int
        Raised whenever a measure is defined or computed differently; older ones are then computed again.
    meaning : str
        One line.
    particle : tuple of Property
        Properties of active particles. All are nullable.
    contact, image : tuple of Property
        Properties of contacts, and of the segmentation.
    needs_transport : bool
        Whether it applies only to composites whose conductivities are known.
    needs_map : bool
        Whether it is computed from the pixels of an energy map. Such a family stores the key of the measurement it
        belongs to as ``<name>_measurement``.
    queries : tuple of str
        Named queries that show nothing else, and so are empty or null where it is not computed.
    """

    name: str
    version: int
    meaning: str
    particle: tuple[Property, ...]
    contact: tuple[Property, ...] = ()
    image: tuple[Property, ...] = ()
    needs_transport: bool = False
    needs_map: bool = False
    queries: tuple[str, ...] = ()

    @property
    def version_property(self) -> str:
        """Property of a segmentation that tells which version its particles carry."""
        return f"{self.name}_version"

    @property
    def measurement_property(self) -> str:
        """Property of a segmentation that tells which measurement a family that needs a map belongs to."""
        return f"{self.name}_measurement"

    @property
    def segmentation(self) -> tuple[Property, ...]:
        """Everything that a segmentation stores of the family."""
        return (
            Property(
                self.version_property, Kind.INTEGER, f"definition of the measures {self.name}; null: none yet",
                minimum=1, nullable=True,
            ),
            Property(f"{self.name}_computed", Kind.DATETIME, "when they were computed", nullable=True),
            Property(
                f"{self.name}_code_version", Kind.STRING, "version of Cathograph that computed them", nullable=True
            ),
            *self.image,
        )  # fmt: skip

    def applies_to(self, composite: Composite) -> bool:
        """Tell whether the family can be computed for a composite."""
        has_ions = bool(composite.with_role(Role.IONIC))
        return not self.needs_transport or (has_ions and composite.transport_parameters is not None)
