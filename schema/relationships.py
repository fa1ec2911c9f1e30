"""Relationship types of the graph, declared once.

A CONTACT runs from the lower label to the higher, so ``overlap_ab`` counts pixels of its
end inside the dilated start.
"""

from dataclasses import dataclass

from cathograph.schema.measures import CONTACT_MEASURES
from cathograph.schema.properties import Kind, Property


@dataclass(frozen=True)
class RelationshipType:
    """A relationship type with its end labels and properties."""

    type: str
    source: str
    target: str
    meaning: str
    properties: tuple[Property, ...] = ()


CONTACT = RelationshipType(
    "CONTACT",
    "Particle",
    "Particle",
    "Two regions within the contact radius of each other; from the lower label to the higher.",
    (
        Property("overlap_ab", Kind.INTEGER, "pixels of the end inside the dilated start", minimum=1),
        Property("overlap_ba", Kind.INTEGER, "pixels of the start inside the dilated end", minimum=1),
        Property("weight_px", Kind.FLOAT, "mean of both counts", minimum=1),
        Property("weight", Kind.FLOAT, "weight_px over the largest of the image", minimum=0),
        Property("interface_um", Kind.FLOAT, "length of the shared boundary (2D)", minimum=0, nullable=True),
        Property("interface_um2", Kind.FLOAT, "area of the shared boundary (3D)", minimum=0, nullable=True),
        Property("gap_px", Kind.INTEGER, "smallest Chebyshev distance, 1 = touching", minimum=1),
        *CONTACT_MEASURES,
    ),
)

CONCURRENT_CHANNEL = RelationshipType(
    "CONCURRENT_CHANNEL",
    "Active",
    "Active",
    "Two active particles that share neighbours of both carriers; stored below the hub limit, lower label first.",
    (
        Property("via_sse", Kind.INTEGER, "shared neighbours of the first carrier (SSE)", minimum=1),
        Property(
            "via_graphite", Kind.INTEGER, "shared neighbours of the second carrier (graphite)", minimum=1
        ),
    ),
)

LOCAL_CHANNEL = RelationshipType(
    "LOCAL_CHANNEL",
    "Active",
    "Active",
    "Two active particles joined by a short path inside one region of each carrier, lower label first.",
    (
        Property("path_sse_um", Kind.FLOAT, "shortest path inside a region of the first carrier", minimum=0),
        Property(
            "path_graphite_um", Kind.FLOAT, "shortest path inside a region of the second carrier", minimum=0
        ),
    ),
)

NEAREST = RelationshipType(
    "NEAREST",
    "Active",
    "Active",
    "From each active particle to its nearest one.",
    (
        Property("distance_um", Kind.FLOAT, "smallest distance between their pixel centres", minimum=0),
        Property("via", Kind.STRING, "what both touch: the carrier's phase (SSE, Graphite), both or neither"),
        Property("touching", Kind.BOOLEAN, "whether some of their pixels are neighbours"),
    ),
)

STATE = RelationshipType(
    "STATE",
    "Measurement",
    "Active",
    "Electrochemical state of an active particle. Energies are relative edge shifts, not lithium contents.",
    (
        Property("soc_ev", Kind.FLOAT, "mean edge energy of the valid pixels", minimum=0, nullable=True),
        Property("heterogeneity_ev", Kind.FLOAT, "their standard deviation", minimum=0, nullable=True),
        Property(
            "polarization_ev",
            Kind.FLOAT,
            "distance of the peaks of their histogram; 0 for one peak",
            minimum=0,
            nullable=True,
        ),
        Property("soc_se_ev", Kind.FLOAT, "standard error of soc_ev", minimum=0, nullable=True),
        Property(
            "heterogeneity_se_ev", Kind.FLOAT, "standard error of heterogeneity_ev", minimum=0, nullable=True
        ),
        Property("n_valid", Kind.INTEGER, "map pixels in the particle and in the window", minimum=0),
        Property(
            "dropped_fraction",
            Kind.FLOAT,
            "share of the particle's values outside of the window; null without a value",
            minimum=0,
            nullable=True,
        ),
        Property("missing_fraction", Kind.FLOAT, "share of the particle without a value", minimum=0),
        Property("n_peaks", Kind.INTEGER, "peaks of the smoothed histogram", minimum=0, nullable=True),
        Property("flagged", Kind.BOOLEAN, "too few valid pixels, or too many dropped or missing"),
        Property("reason", Kind.STRING, "why polarization_ev is null", nullable=True),
        Property(
            "dropped_below_fraction",
            Kind.FLOAT,
            "share of the particle's values below the window; the rest of dropped_fraction lies above",
            minimum=0,
            nullable=True,
        ),
        Property(
            "fit_noise_ev",
            Kind.FLOAT,
            "root mean square of the standard errors of the pixels; null where the map has none",
            minimum=0,
            nullable=True,
        ),
        Property(
            "heterogeneity_corrected_ev",
            Kind.FLOAT,
            "heterogeneity_ev without the noise of the fit; null where that is not known",
            minimum=0,
            nullable=True,
        ),
        Property(
            "heterogeneity_corrected_low_ev",
            Kind.FLOAT,
            "lower end of its 95 % interval",
            minimum=0,
            nullable=True,
        ),
        Property(
            "heterogeneity_corrected_high_ev",
            Kind.FLOAT,
            "upper end of that interval",
            minimum=0,
            nullable=True,
        ),
        Property(
            "soc_uncut_ev",
            Kind.FLOAT,
            "mean of the normal distribution that the window cuts, by maximum likelihood; null where nothing is cut "
            "or it cannot be told",
            minimum=0,
            nullable=True,
        ),
        Property("heterogeneity_uncut_ev", Kind.FLOAT, "its standard deviation", minimum=0, nullable=True),
        Property(
            "heterogeneity_uncut_se_ev",
            Kind.FLOAT,
            "standard error of heterogeneity_uncut_ev",
            minimum=0,
            nullable=True,
        ),
        Property(
            "uncut_reason",
            Kind.STRING,
            "why there is no heterogeneity_uncut_ev though pixels were dropped",
            nullable=True,
        ),
    ),
)

PREDICTS = RelationshipType(
    "PREDICTS",
    "Prediction",
    "Active",
    "Predicted state of an active particle; null where the model was not trained for it.",
    (
        Property("soc_ev", Kind.FLOAT, "predicted mean edge energy", nullable=True),
        Property("heterogeneity_ev", Kind.FLOAT, "predicted standard deviation", nullable=True),
        Property("polarization_ev", Kind.FLOAT, "predicted peak distance", nullable=True),
        Property("soc_sd_ev", Kind.FLOAT, "spread of soc_ev over the ensemble", minimum=0, nullable=True),
        Property(
            "heterogeneity_sd_ev",
            Kind.FLOAT,
            "spread of heterogeneity_ev over the ensemble",
            minimum=0,
            nullable=True,
        ),
        Property(
            "polarization_sd_ev",
            Kind.FLOAT,
            "spread of polarization_ev over the ensemble",
            minimum=0,
            nullable=True,
        ),
    ),
)

RELATIONSHIP_TYPES: tuple[RelationshipType, ...] = (
    RelationshipType("MEASURED_IN", "Image", "Beamtime", "Campaign an image comes from."),
    RelationshipType("OF", "Image", "Sample", "Sample an image shows."),
    RelationshipType("OF", "Volume", "Sample", "Sample a volume shows."),
    RelationshipType("SLICE_OF", "Image", "Volume", "Volume an image is a slice of."),
    RelationshipType("SEGMENTS", "Segmentation", "Image", "Image that was segmented."),
    RelationshipType("IN", "Particle", "Segmentation", "Segmentation a particle belongs to."),
    RelationshipType(
        "MEETS",
        "TPB",
        "Particle",
        "The three particles of a TPB.",
        (Property("place", Kind.INTEGER, "place in the composite's triple of roles: 1, 2 or 3", minimum=1),),
    ),
    CONTACT,
    CONCURRENT_CHANNEL,
    LOCAL_CHANNEL,
    NEAREST,
    RelationshipType("OF", "Measurement", "Image", "Image that was measured."),
    RelationshipType("ON", "Measurement", "Segmentation", "Segmentation whose particles it describes."),
    STATE,
    RelationshipType("ON", "Prediction", "Segmentation", "Segmentation whose particles it is about."),
    PREDICTS,
    RelationshipType("WROTE", "IngestRun", "Segmentation", "What a run wrote, or found already there."),
    RelationshipType("WROTE", "IngestRun", "Measurement", "What a run wrote, or found already there."),
    RelationshipType("WROTE", "IngestRun", "Prediction", "What a run wrote, or found already there."),
)
