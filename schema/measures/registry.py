"""The registry: one entry a family of measures. Its module is ``cathograph.ingest.measures.<name>``.

An entry is all that store, queries, report, dashboard, exports and features of networks know of a measure. The network
metrics are older: they are declared in `cathograph.schema.network_metrics` and computed with every ingest.
"""

from cathograph.schema.measures.family import MeasureFamily
from cathograph.schema.properties import Kind, Property

FAMILIES: tuple[MeasureFamily, ...] = (
    MeasureFamily(
        "transport", 1, "Current of each active particle, from finite volumes on the phase image",
        particle=(
            Property("current_share", Kind.FLOAT, "reaction current over that of the image", nullable=True),
            Property(
                "ionic_access_ohm", Kind.FLOAT,
                "mean ionic potential drop from the ion side to its faces, over its current (2D: 1 µm thick)",
                minimum=0, nullable=True, unit="Ω",
            ),
            Property(
                "electronic_access_ohm", Kind.FLOAT,
                "mean electronic potential drop from its faces to the electron side, over its current (2D: 1 µm thick)",
                minimum=0, nullable=True, unit="Ω",
            ),
            Property(
                "limiting", Kind.FLOAT, "natural logarithm of ionic over electronic access resistance", nullable=True
            ),
            Property("reached", Kind.BOOLEAN, "whether ions and electrons reach it", nullable=True),
        ),
        contact=(
            Property(
                "current_share", Kind.FLOAT,
                "current from the lower label to the higher over that of the image; positive charge, so against the "
                "electrons",
                nullable=True,
            ),
        ),
        image=(
            Property("transport_parameters", Kind.STRING, "conductivities used, as canonical JSON", nullable=True),
            Property(
                "ionic_conductivity_s_per_m", Kind.FLOAT, "effective conductivity from side to side",
                minimum=0, nullable=True, unit="S/m",
            ),
            Property(
                "electronic_conductivity_s_per_m", Kind.FLOAT, "effective conductivity from side to side",
                minimum=0, nullable=True, unit="S/m",
            ),
            Property("ionic_tortuosity_factor", Kind.FLOAT, "null where nothing percolates", minimum=0, nullable=True),
            Property(
                "electronic_tortuosity_factor", Kind.FLOAT, "null where nothing percolates", minimum=0, nullable=True
            ),
            Property(
                "utilisation", Kind.FLOAT, "share of the active pixels in particles that are reached",
                minimum=0, nullable=True,
            ),
            Property(
                "share_without_current", Kind.FLOAT, "share of the active particles without current",
                minimum=0, nullable=True,
            ),
        ),
        needs_transport=True,
    ),
)  # fmt: skip
"""All families of measures: a new one needs one more entry here."""
