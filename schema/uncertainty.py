"""Properties that say how sure a segmentation is, declared once; docs/segmentation.md says how they are made."""

from cathograph.schema.properties import Kind, Property

MOST_PASSES = 1000
"""More passes of a network than anybody needs; 8 are usual."""


def _spread(name: str, of: str) -> tuple[Property, ...]:
    ends = (("median", "median"), ("low", "lower end of the 90 % interval"), ("high", "upper end of it"))
    return tuple(
        Property(f"{name}_{end}", Kind.FLOAT, f"{of}: {meaning}", minimum=0, nullable=True)
        for end, meaning in ends
    )


PARTICLE_CONFIDENCE = Property(
    "confidence",
    Kind.FLOAT,
    "how probable its phase is, 0 to 1: mean over its pixels and over the passes; null without --uncertainty",
    minimum=0,
    nullable=True,
)

SEGMENTATION_UNCERTAINTY: tuple[Property, ...] = (
    Property(
        "uncertainty_passes",
        Kind.INTEGER,
        "passes of the network with channels left out; null without --uncertainty",
        minimum=1,
        nullable=True,
    ),
    Property(
        "uncertainty_calibrated",
        Kind.BOOLEAN,
        "medians and intervals were corrected on images of known truth; else they are those of the passes",
        nullable=True,
    ),
    *_spread("particles", "number of particles"),
    *_spread("tpbs", "number of TPBs (triangles)"),
    *_spread("channel_share", "share of NMC with a concurrent channel"),
)
