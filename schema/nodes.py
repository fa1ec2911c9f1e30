"""Node types of the graph, declared once.

The pattern they form::

    (:Beamtime)<-[:MEASURED_IN]-(:Image)-[:OF]->(:Sample)
    (:Image)-[:SLICE_OF]->(:Volume)-[:OF]->(:Sample)
    (:Segmentation)-[:SEGMENTS]->(:Image)
    (:Particle)-[:IN]->(:Segmentation)
    (:TPB)-[:MEETS {place}]->(:Particle)
    (:Measurement)-[:OF]->(:Image), (:Measurement)-[:ON]->(:Segmentation), (:Measurement)-[:STATE]->(:Active)
    (:Prediction)-[:ON]->(:Segmentation), (:Prediction)-[:PREDICTS]->(:Active)
    (:IngestRun)-[:WROTE]->(:Segmentation|Measurement|Prediction)

A particle has its phase as a label (NMC, SSE, Graphite in the default composite) and a label for each of its
roles (Active, Ionic, Electronic, Gas, Inert), so that one query asks across composites. Particles and TPBs carry
their labels only while their segmentation is the active one of its image; else they are `InactiveParticle` and
`InactiveTPB`, without phase or role, so that ``MATCH (n:NMC)`` never counts one twice. A segmentation of which
not all rows are there yet is a `StagedSegmentation`, a measurement a `StagedMeasurement`.
"""

from dataclasses import dataclass

from cathograph.schema.composites.composite import Role
from cathograph.schema.jobs import JOB_PROPERTIES
from cathograph.schema.measures import PARTICLE_MEASURES, SEGMENTATION_MEASURES
from cathograph.schema.network_metrics import PARTICLE_METRICS, SEGMENTATION_METRICS
from cathograph.schema.properties import Kind, Property
from cathograph.schema.spot_check import SEGMENTATION_SPOT_CHECK
from cathograph.schema.uncertainty import PARTICLE_CONFIDENCE, SEGMENTATION_UNCERTAINTY


@dataclass(frozen=True)
class NodeType:
    """A node label with its properties; `key` names the property that identifies a node."""

    label: str
    meaning: str
    key: str
    properties: tuple[Property, ...]

    def property_named(self, name: str) -> Property:
        """Find a property by name; `KeyError` when there is none."""
        return {prop.name: prop for prop in self.properties}[name]


SAMPLE = NodeType(
    "Sample",
    "A piece of composite that was made and measured.",
    "id",
    (
        Property("id", Kind.STRING, "identifier the group uses, any text"),
        Property("cathode", Kind.STRING, "cathode kind: LCD, ECD, BLE, …", nullable=True),
    ),
)

BEAMTIME = NodeType(
    "Beamtime",
    "A measurement campaign.",
    "id",
    (Property("id", Kind.STRING, "proposal or campaign identifier"),),
)

VOLUME = NodeType(
    "Volume",
    "A three-dimensional scan whose slices are images of their own.",
    "key",
    (
        Property("key", Kind.STRING, "hash of sample and volume id"),
        Property("id", Kind.STRING, "name of the volume within its sample"),
    ),
)

IMAGE = NodeType(
    "Image",
    "A field of view: grey image, mask and energy map of it are one Image.",
    "key",
    (
        Property("key", Kind.STRING, "hash of sample and image id"),
        Property("id", Kind.STRING, "name of the image within its sample"),
        Property("slice_index", Kind.INTEGER, "page within its volume", minimum=0, nullable=True),
    ),
)

SEGMENTATION = NodeType(
    "Segmentation",
    "One reading of an image into particles; one of an image's segmentations is active.",
    "key",
    (
        Property("key", Kind.STRING, "hash of everything that shaped it"),
        Property("active", Kind.BOOLEAN, "whether queries see this one"),
        Property("created", Kind.DATETIME, "when it was written"),
        Property("source", Kind.STRING, "what the file held: image, phases or regions"),
        Property("method", Kind.STRING, "segmenter, or 'given' for phases and regions"),
        Property("version", Kind.STRING, "version of the method"),
        Property("params", Kind.STRING, "every parameter, as canonical JSON"),
        Property("content_sha256", Kind.STRING, "hash of the pixels it was made from"),
        Property("ndim", Kind.INTEGER, "2 or 3", minimum=2),
        Property("shape", Kind.INTEGERS, "pixels along (y, x) or (z, y, x)"),
        Property("pixel_size_um", Kind.FLOAT, "edge of a pixel in µm", minimum=1e-9),
        Property("radius_px", Kind.INTEGER, "contact radius in pixels (Chebyshev)", minimum=0),
        Property("radius_um", Kind.FLOAT, "contact radius in µm", minimum=0),
        Property("composite", Kind.STRING, "name of the composite its phases belong to"),
        Property("composite_sha256", Kind.STRING, "hash of what the composite makes of phases and roles"),
        Property("composite_definition", Kind.STRING, "the whole composite, as canonical JSON"),
        *(
            Property(f"{role.value}_phases", Kind.STRINGS, f"phases with the role {role.value}")
            for role in Role
        ),
        Property("first_carrier_phases", Kind.STRINGS, "phases of the first carrier of a concurrent channel"),
        Property("second_carrier_phases", Kind.STRINGS, "phases of the second carrier"),
        Property("ion_side", Kind.STRING, "side of the image that the ions come from"),
        Property("n_particles", Kind.INTEGER, "particles written", minimum=0),
        Property("n_contacts", Kind.INTEGER, "contacts written", minimum=0),
        Property("n_tpbs", Kind.INTEGER, "TPBs (triangles) written", minimum=0),
        Property("n_physical_tpbs", Kind.INTEGER, "TPBs with at least one junction", minimum=0),
        Property(
            "n_channel_pairs", Kind.INTEGER, "pairs of active particles with a concurrent channel", minimum=0
        ),
        Property(
            "channel_pairs_stored", Kind.BOOLEAN, "pairs are relationships (on average at most 50 partners)"
        ),
        Property(
            "local_channel_path_um",
            Kind.FLOAT,
            "longest path a local channel was searched along; null: not searched",
            minimum=0,
            nullable=True,
        ),
        Property(
            "hub_share_sse",
            Kind.FLOAT,
            "largest region of the first carrier over all of it",
            minimum=0,
            nullable=True,
        ),
        Property(
            "hub_share_graphite",
            Kind.FLOAT,
            "largest region of the second carrier over all of it",
            minimum=0,
            nullable=True,
        ),
        Property("dropped", Kind.STRING, "regions below the minimum size per phase, as JSON"),
        *SEGMENTATION_UNCERTAINTY,
        Property(
            "unlike_painted",
            Kind.STRING,
            "how the image differs from those its model was painted on; null: it does not, or no painted model",
            nullable=True,
        ),
        *SEGMENTATION_SPOT_CHECK,
        *SEGMENTATION_METRICS,
        Property("measures_computed", Kind.DATETIME, "when the last of them were written", nullable=True),
        Property(
            "measured",
            Kind.STRINGS,
            "measures (without the network metrics) that its particles carry",
            nullable=True,
        ),
        *SEGMENTATION_MEASURES,
    ),
)

PARTICLE = NodeType(
    "Particle",
    "A region of one phase in one segmentation; its phase and its roles are labels too.",
    "key",
    (
        Property("key", Kind.STRING, "segmentation key and label"),
        Property("label", Kind.INTEGER, "value in the label image", minimum=1),
        Property("phase", Kind.STRING, "phase, also a label of the node"),
        Property("area_px", Kind.INTEGER, "pixels (3D: voxels)", minimum=1),
        Property("area_um2", Kind.FLOAT, "area in µm² (2D)", minimum=0, nullable=True),
        Property("volume_um3", Kind.FLOAT, "volume in µm³ (3D)", minimum=0, nullable=True),
        Property("centroid_z", Kind.FLOAT, "centroid along z in pixels (3D)", minimum=0, nullable=True),
        Property(
            "centroid_y", Kind.FLOAT, "centroid along y in pixels, pixel centres at integers", minimum=0
        ),
        Property(
            "centroid_x", Kind.FLOAT, "centroid along x in pixels, pixel centres at integers", minimum=0
        ),
        Property("bbox", Kind.INTEGERS, "bounding box, minima then maxima (half-open), as scikit-image"),
        Property("perimeter_um", Kind.FLOAT, "outline in µm (2D)", minimum=0, nullable=True),
        Property("surface_um2", Kind.FLOAT, "surface in µm² (3D)", minimum=0, nullable=True),
        Property(
            "equivalent_diameter_um", Kind.FLOAT, "diameter of the disc or ball of equal size", minimum=0
        ),
        Property("convexity", Kind.FLOAT, "pixels over pixels of the convex hull", minimum=0),
        Property("touches_border", Kind.BOOLEAN, "cut by the image's border"),
        Property(
            "has_concurrent_channel",
            Kind.BOOLEAN,
            "active: shares a neighbour of each carrier (SSE and graphite) with another active particle",
            nullable=True,
        ),
        Property(
            "concurrent_partners", Kind.INTEGER, "active: how many such particles", minimum=0, nullable=True
        ),
        Property(
            "local_channel_partners",
            Kind.INTEGER,
            "active: how many reached within the path length through one region of each carrier",
            minimum=0,
            nullable=True,
        ),
        Property(
            "has_touching_channel",
            Kind.BOOLEAN,
            "active: touches another active particle and shares an ionic neighbour (SSE) with it",
            nullable=True,
        ),
        Property(
            "touching_partners", Kind.INTEGER, "active: how many such particles", minimum=0, nullable=True
        ),
        PARTICLE_CONFIDENCE,
        *PARTICLE_METRICS,
        *PARTICLE_MEASURES,
    ),
)

TPB = NodeType(
    "TPB",
    "A triple phase boundary: three regions of the composite's triple of roles, pairwise in contact.",
    "key",
    (
        Property("key", Kind.STRING, "segmentation key and the three labels"),
        Property("perimeter_um", Kind.FLOAT, "perimeter of the triangle of the three centroids", minimum=0),
        Property(
            "interface_ratio",
            Kind.FLOAT,
            "weight_px of the first with the second region over that of the first with the third",
            minimum=0,
        ),
        Property("weight_sum_px", Kind.FLOAT, "sum of the three weight_px", minimum=0),
        Property("junctions", Kind.INTEGER, "places where all three regions meet", minimum=0),
        Property("is_physical", Kind.BOOLEAN, "whether they meet anywhere"),
        Property("junctions_z", Kind.FLOATS, "z of each junction in pixels (3D)", nullable=True),
        Property("junctions_y", Kind.FLOATS, "y of each junction in pixels"),
        Property("junctions_x", Kind.FLOATS, "x of each junction in pixels"),
        Property(
            "junction_length_um",
            Kind.FLOAT,
            "length of the triple lines in µm (3D) at the contact radius: closer lines merge, so it is less than "
            "the length of voxel edges where three phases meet; compare it at one radius only",
            minimum=0,
            nullable=True,
        ),
    ),
)

MEASUREMENT = NodeType(
    "Measurement",
    "A map of edge energies over an image, read with one method on the particles of one segmentation.",
    "key",
    (
        Property("key", Kind.STRING, "hash of segmentation, map, method and placement"),
        Property("active", Kind.BOOLEAN, "the newest of its segmentation and edge, which queries show"),
        Property("created", Kind.DATETIME, "when it was written"),
        Property("kind", Kind.STRING, "what was measured: edge_energy_map"),
        Property("element", Kind.STRING, "element whose absorption edge was measured, as in Ni"),
        Property("edge", Kind.STRING, "name of that edge, as in K"),
        Property(
            "params",
            Kind.STRING,
            "how values are read (window, reference, peaks) and, where known, how they were fitted, as canonical "
            "JSON",
        ),
        Property(
            "energies",
            Kind.FLOATS,
            "energies in eV of the stack the map was fitted from; null where unknown",
            nullable=True,
        ),
        Property("placement", Kind.STRING, "how the map was to be placed, as canonical JSON"),
        Property("content_sha256", Kind.STRING, "hash of the map's pixels"),
        Property("shape", Kind.INTEGERS, "pixels of the map along (y, x) or (z, y, x)"),
        Property("pixel_size_um", Kind.FLOAT, "edge of a pixel of the map in µm", minimum=1e-9),
        Property("matching", Kind.STRING, "how map and image were matched: same_grid, placed or registered"),
        Property("offset_um", Kind.FLOATS, "corner of the map in the image in µm, along (y, x) or (z, y, x)"),
        Property(
            "residual_shift_um",
            Kind.FLOATS,
            "shift that is left between map and NMC; null where nothing tells",
            nullable=True,
        ),
        Property(
            "agreement",
            Kind.FLOAT,
            "how well map and active particles fit, −1 to 1; null where nothing tells, and in older measurements",
            nullable=True,
        ),
        Property(
            "agreement_chance",
            Kind.FLOAT,
            "share of fields with the same particles at random places that fit at least as well",
            minimum=0,
            nullable=True,
        ),
        Property(
            "agreement_particles",
            Kind.INTEGER,
            "active particles that the agreement rests on",
            minimum=1,
            nullable=True,
        ),
        Property(
            "trusted_by",
            Kind.STRING,
            "who vouches for a map that may fit no better than chance, and why",
            nullable=True,
        ),
        Property("n_particles", Kind.INTEGER, "NMC with a STATE", minimum=0),
        Property("n_measured", Kind.INTEGER, "of them with values", minimum=0),
        Property("n_flagged", Kind.INTEGER, "of them flagged", minimum=0),
        Property(
            "energy_step_ev",
            Kind.FLOAT,
            "distance of the map's values from each other; null where they lie on no steps",
            minimum=0,
            nullable=True,
        ),
        Property(
            "fill_ev",
            Kind.FLOATS,
            "values of the map that stand where nothing was fitted, and count as missing; null where there are none",
            nullable=True,
        ),
        Property(
            "n_fill",
            Kind.INTEGER,
            "pixels of the map with such a value; null in old stores",
            minimum=0,
            nullable=True,
        ),
        Property(
            "pinned_ev",
            Kind.FLOATS,
            "values of the map at which failed fits ended, and which count as dropped; null where there are none",
            nullable=True,
        ),
        Property(
            "n_pinned",
            Kind.INTEGER,
            "pixels of the map with such a value; null in old stores",
            minimum=0,
            nullable=True,
        ),
        Property(
            "with_standard_errors",
            Kind.BOOLEAN,
            "whether the map holds the standard error of each energy; null in old stores",
            nullable=True,
        ),
    ),
)

PREDICTION = NodeType(
    "Prediction",
    "What one trained model says of the NMC of one segmentation. It stands beside measurements, never over them.",
    "key",
    (
        Property("key", Kind.STRING, "hash of model and segmentation"),
        Property("created", Kind.DATETIME, "when it was written"),
        Property("model", Kind.STRING, "name of the model"),
        Property("model_hash", Kind.STRING, "hash of its weights, scaling, features and split"),
        Property("architecture", Kind.STRING, "what kind of model: nnconv, gatv2, mlp, …"),
        Property("members", Kind.INTEGER, "models of the ensemble whose mean this is", minimum=1),
        Property(
            "split", Kind.STRING, "which part this image was in training: train, validation, test or none"
        ),
        Property("content_sha256", Kind.STRING, "hash of the predicted values"),
        Property("n_particles", Kind.INTEGER, "NMC with a prediction", minimum=0),
        Property("element", Kind.STRING, "element whose states are predicted: Ni, Co, Mn, Fe", nullable=True),
        Property("edge", Kind.STRING, "its absorption edge: K", nullable=True),
    ),
)

INGEST_RUN = NodeType(
    "IngestRun",
    "One run of the ingest: who, when, from which file, with which code; or a job of the ingest service.",
    "id",
    (
        Property("id", Kind.STRING, "random identifier; of a job, hash of its files and rules"),
        Property(
            "state",
            Kind.STRING,
            "written, unchanged or reactivated; of a job queued, running, done, failed or cancelled",
        ),
        Property("started", Kind.DATETIME, "start of the run", nullable=True),
        Property("finished", Kind.DATETIME, "end of the run", nullable=True),
        Property("user", Kind.STRING, "login name", nullable=True),
        Property("host", Kind.STRING, "machine", nullable=True),
        Property("code_version", Kind.STRING, "version of Cathograph", nullable=True),
        Property("file_name", Kind.STRING, "name of the file, without its folder; of a job, within it"),
        Property("file_sha256", Kind.STRING, "hash of the file's bytes"),
        Property("file_path", Kind.STRING, "where the file lay on that machine", nullable=True),
        Property("dataset", Kind.STRING, "path inside an HDF5 file or a Zarr store", nullable=True),
        Property("grey_path", Kind.STRING, "grey image of the same field, on that machine", nullable=True),
        Property("grey_sha256", Kind.STRING, "hash of that file's bytes", nullable=True),
        *JOB_PROPERTIES,
    ),
)

NODE_TYPES: tuple[NodeType, ...] = (
    BEAMTIME, SAMPLE, VOLUME, IMAGE, SEGMENTATION, PARTICLE, TPB, MEASUREMENT, PREDICTION, INGEST_RUN,
)  # fmt: skip
