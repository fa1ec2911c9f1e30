"""Properties of a blind spot check: points that a person named, beside the phases that the segmentation gives them."""

from cathograph.schema.properties import Kind, Property

SEGMENTATION_SPOT_CHECK: tuple[Property, ...] = (
    Property(
        "spot_check_points",
        Kind.INTEGER,
        "points that a person named without seeing the segmentation; null: not checked",
        minimum=1,
        nullable=True,
    ),
    Property(
        "spot_check_accuracy",
        Kind.FLOAT,
        "share of them that the segmentation names alike",
        minimum=0,
        nullable=True,
    ),
    Property(
        "spot_check_accuracy_low", Kind.FLOAT, "lower end of its 95 % interval", minimum=0, nullable=True
    ),
    Property(
        "spot_check_accuracy_high", Kind.FLOAT, "upper end of its 95 % interval", minimum=0, nullable=True
    ),
    Property(
        "spot_check_fractions",
        Kind.STRING,
        "fraction of each phase as found, and corrected by the points with its 95 % interval, as JSON",
        nullable=True,
    ),
    Property("spot_checked", Kind.DATETIME, "when it was stored", nullable=True),
)
"""Properties of a segmentation that was checked."""

SPOT_CHECK_NAMES = frozenset(prop.name for prop in SEGMENTATION_SPOT_CHECK)
"""Their names."""
