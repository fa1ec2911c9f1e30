"""The registry: one entry a family of measures. Its module is ``cathograph.ingest.measures.<name>``.

An entry is all that store, queries, report, dashboard, exports and features of networks know of a measure. The network
metrics are older: they are declared in `cathograph.schema.network_metrics` and computed with every ingest.
"""

from cathograph.schema.composites.composite import Role
from cathograph.schema.measures.family import MeasureFamily
from cathograph.schema.properties import Kind, Property


def _with_interval(name: str, suffix: str, unit: str, meaning: str) -> tuple[Property, ...]:
    """Declare a value and the ends of its interval."""
    ends = (("low", "lower"), ("high", "upper"))
    return (
        Property(f"{name}_{suffix}", Kind.FLOAT, meaning, nullable=True, unit=unit),
        *(
            Property(
                f"{name}_{end}_{suffix}", Kind.FLOAT, f"{word} end of its 95 % interval (noise of the map)",
                nullable=True, unit=unit,
            )
            for end, word in ends
        ),
    )  # fmt: skip


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
        queries=("transport", "transport_of_images"),
    ),
    MeasureFamily(
        "position", 1, "Place of each active particle between separator and collector side, and paths to these",
        particle=(
            Property(
                "separator_distance_um", Kind.FLOAT, "centroid to the side that the ions come from",
                minimum=0, nullable=True, unit="µm",
            ),
            Property(
                "separator_nearest_um", Kind.FLOAT, "its nearest pixel to that side; 0 where it touches it",
                minimum=0, nullable=True, unit="µm",
            ),
            Property(
                "collector_distance_um", Kind.FLOAT, "centroid to the opposite side, that of the electrons",
                minimum=0, nullable=True, unit="µm",
            ),
            Property(
                "collector_nearest_um", Kind.FLOAT, "its nearest pixel to that side; 0 where it touches it",
                minimum=0, nullable=True, unit="µm",
            ),
            Property(
                "relative_depth", Kind.FLOAT, "centroid between separator side (0) and collector side (1)",
                minimum=0, nullable=True,
            ),
            Property(
                "ionic_path_um", Kind.FLOAT,
                "shortest path through ionic phases to the separator side; null where there is none",
                minimum=0, nullable=True, unit="µm",
            ),
            Property("has_ionic_path", Kind.BOOLEAN, "whether there is one", nullable=True),
            Property(
                "electronic_path_um", Kind.FLOAT,
                "shortest path through electronic phases to the collector side; null where there is none",
                minimum=0, nullable=True, unit="µm",
            ),
            Property("has_electronic_path", Kind.BOOLEAN, "whether there is one", nullable=True),
        ),
        image=(
            Property(
                "layer_edges_um", Kind.FLOATS, "depths below the separator side between which layers lie",
                nullable=True, unit="µm",
            ),
            Property("background_by_layer", Kind.FLOATS, "share of each layer without a phase", nullable=True),
            *(
                Property(
                    f"{role.value}_by_layer", Kind.FLOATS, f"share of each layer with the role {role.value}",
                    nullable=True,
                )
                for role in Role
            ),
            Property("junctions_by_layer", Kind.INTEGERS, "TPB junctions in each layer", nullable=True),
        ),
        queries=("electrode_profile",),
    ),
    MeasureFamily(
        "profiles", 1, "Edge energies inside each active particle: shells, gradient, slopes with distance",
        particle=(
            Property(
                "profile_pixels", Kind.INTEGER, "pixels that count: in the window, deeper than the rim", minimum=0,
                nullable=True,
            ),
            Property(
                "independent_pixels", Kind.FLOAT, "as many independent pixels would know its mean as well", minimum=0,
                nullable=True,
            ),
            *(
                Property(
                    f"shell_{number}_ev", Kind.FLOAT, f"mean energy of shell {number} of 5 (1 outermost)",
                    nullable=True, unit="eV",
                )
                for number in range(1, 6)
            ),
            *_with_interval(
                "core_minus_shell", "ev", "eV", "mean energy of the innermost shell minus that of the outermost"
            ),
            Property(
                "gradient_ev_per_um", Kind.FLOAT, "steepness of the plane fitted to its energies", minimum=0,
                nullable=True, unit="eV/µm",
            ),
            *(
                Property(
                    f"gradient_{axis}_ev_per_um", Kind.FLOAT, f"its slope along {axis}", nullable=True, unit="eV/µm"
                )
                for axis in "zyx"
            ),
            *_with_interval(
                "junction_slope", "ev_per_um", "eV/µm",
                "slope of the energy with the distance inside it to its nearest TPB junction, at equal depth",
            ),
            *_with_interval(
                "ionic_slope", "ev_per_um", "eV/µm", "the same to its nearest contact with an ionic phase"
            ),
            *_with_interval(
                "electronic_slope", "ev_per_um", "eV/µm", "the same to its nearest contact with an electronic phase"
            ),
        ),
        image=(
            Property("profiles_measurement", Kind.STRING, "key of the measurement they belong to", nullable=True),
            Property(
                "profiles_resolution_um", Kind.FLOAT, "resolution of the map that was taken", minimum=0, nullable=True,
                unit="µm",
            ),
            Property(
                "profiles_rim_um", Kind.FLOAT, "pixels less deep were left out", minimum=0, nullable=True, unit="µm"
            ),
            Property(
                "profiles_shared_noise", Kind.FLOAT, "part of the noise that neighbouring pixels share, 0 to 1",
                minimum=0, nullable=True,
            ),
            Property(
                "state_bin_target", Kind.STRINGS, "bins of state against distance: to a junction, ionic or electronic",
                nullable=True,
            ),
            Property("state_bin_from_um", Kind.FLOATS, "shortest distance of each bin", nullable=True, unit="µm"),
            Property("state_bin_to_um", Kind.FLOATS, "longest distance", nullable=True, unit="µm"),
            Property("state_bin_particles", Kind.INTEGERS, "particles with a pixel in it", nullable=True),
            Property(
                "state_bin_ev", Kind.FLOATS, "mean over particles of the energy in it minus that of the particle",
                nullable=True, unit="eV",
            ),
            Property(
                "state_bin_at_depth_ev", Kind.FLOATS,
                "mean over particles of the energy in it minus that of the particle at the same depth", nullable=True,
                unit="eV",
            ),
        ),
        needs_map=True,
        queries=("profiles", "state_by_distance"),
    ),
)  # fmt: skip
"""All families of measures: a new one needs one more entry here."""
