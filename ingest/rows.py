"""From the particle graph of an image to the rows of the data model, with units.

Only names and units change here: pixels become micrometres, phase codes become phases.
Everything else is computed before.
"""

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cathograph.ingest.graph.particle_graph import ParticleGraph
from cathograph.ingest.image_uncertainty import ImageUncertainty
from cathograph.schema.keys import JsonScalar, canonical_json
from cathograph.schema.rows import FieldOfView, ImageRows
from cathograph.schema.uncertainty import SEGMENTATION_UNCERTAINTY


def image_rows(
    graph: ParticleGraph,
    field_of_view: FieldOfView,
    *,
    segmentation_key: str,
    source: str,
    method: str,
    version: str,
    params: Mapping[str, JsonScalar | Mapping[str, JsonScalar]],
    content_sha256: str,
    uncertainty: ImageUncertainty | None = None,
    unlike_painted: str | None = None,
) -> ImageRows:
    """Bring a particle graph into the rows that are written.

    Parameters
    ----------
    graph : ParticleGraph
        See `cathograph.ingest.graph.particle_graph.build_graph`.
    field_of_view : FieldOfView
        Where the image belongs.
    segmentation_key : str
        Hash of all that shaped it.
    source, method, version, params, content_sha256
        Provenance of the segmentation; see `cathograph.schema.nodes.SEGMENTATION`.
    uncertainty : ImageUncertainty, optional
        How sure it is, where that was asked for.
    unlike_painted : str, optional
        How the image differs from those that its model was painted on.

    Returns
    -------
    ImageRows
        Not yet checked: the writer does that.
    """
    labels = graph.regions.labels
    return ImageRows(
        field_of_view=field_of_view,
        segmentation_key=segmentation_key,
        segmentation={
            "source": source,
            "method": method,
            "version": version,
            "params": canonical_json(params),
            "content_sha256": content_sha256,
            "ndim": labels.ndim,
            "shape": [int(length) for length in labels.shape],
            "pixel_size_um": float(graph.pixel_size_um),
            "radius_px": graph.contacts.radius_px,
            "radius_um": float(graph.contacts.radius_px * graph.pixel_size_um),
            **graph.regions.composite.segmentation_properties(),
            "n_particles": len(graph.regions.region_labels),
            "n_contacts": len(graph.contacts.a),
            "n_tpbs": len(graph.tpbs.nmc),
            "n_physical_tpbs": int(graph.tpbs.is_physical.sum()),
            "n_channel_pairs": graph.n_channel_pairs,
            "channel_pairs_stored": graph.pairs is not None,
            "local_channel_path_um": graph.local_channel_path_um,
            "hub_share_sse": graph.hubs.sse,
            "hub_share_graphite": graph.hubs.graphite,
            "dropped": json.dumps(
                {str(phase): n for phase, n in graph.regions.dropped.items()}, sort_keys=True
            ),
            **uncertainty_properties(uncertainty),
            "unlike_painted": unlike_painted,
        },
        particles=particle_rows(graph, None if uncertainty is None else uncertainty.confidence),
        contacts=contact_rows(graph),
        tpbs=tpb_rows(graph),
        channels=channel_rows(graph),
        local_channels=local_channel_rows(graph),
        nearest=nearest_rows(graph),
    )


def uncertainty_properties(uncertainty: ImageUncertainty | None) -> dict[str, int | float | bool | None]:
    """Give the properties of `cathograph.schema.uncertainty`; all are null where no passes were made."""
    properties: dict[str, int | float | bool | None] = {prop.name: None for prop in SEGMENTATION_UNCERTAINTY}
    if uncertainty is not None:
        properties["uncertainty_passes"] = uncertainty.passes
        properties["uncertainty_calibrated"] = uncertainty.is_calibrated
        for name, spread in uncertainty.spreads.items():
            if spread is not None:
                properties.update({f"{name}_{end}": value for end, value in vars(spread).items()})
    return properties


def particle_rows(graph: ParticleGraph, confidence: NDArray[np.float64] | None = None) -> pd.DataFrame:
    """One row per particle: the properties of `cathograph.schema.nodes.PARTICLE`, in µm."""
    shapes, names, phases = graph.shapes, graph.regions.region_labels, graph.regions.region_phases
    names_of_codes = {phase.code: phase.name for phase in graph.regions.composite.phases}
    size, flat = graph.pixel_size_um, graph.regions.labels.ndim == 2
    n = len(names)
    nothing = np.full(n, np.nan)
    partners = pd.array([pd.NA] * n, dtype="Int64")
    has_channel = pd.array([pd.NA] * n, dtype="boolean")
    touching_partners = pd.array([pd.NA] * n, dtype="Int64")
    touches = pd.array([pd.NA] * n, dtype="boolean")
    local_partners = pd.array([pd.NA] * n, dtype="Int64")
    nmc = np.searchsorted(names, graph.flags.nmc)
    partners[nmc] = graph.flags.concurrent_partners
    has_channel[nmc] = graph.flags.has_concurrent_channel
    touching_partners[nmc] = graph.touching.touching_partners
    touches[nmc] = graph.touching.has_touching_channel
    if graph.local_channels is not None:
        ends = np.concatenate([graph.local_channels.nmc_a, graph.local_channels.nmc_b])
        counts = np.bincount(np.searchsorted(names, ends), minlength=n)
        local_partners[nmc] = counts[nmc]
    return pd.DataFrame(
        {
            "label": names,
            "phase": pd.Series(phases).map(names_of_codes).astype(object),
            "area_px": shapes.area_px,
            "area_um2": shapes.area_px * size**2 if flat else nothing,
            "volume_um3": nothing if flat else shapes.area_px * size**3,
            "centroid_z": nothing if flat else shapes.centroid_px[:, 0],
            "centroid_y": shapes.centroid_px[:, -2],
            "centroid_x": shapes.centroid_px[:, -1],
            "bbox": pd.Series(shapes.bbox.tolist(), dtype=object),
            "perimeter_um": shapes.perimeter_px * size if flat else nothing,
            "surface_um2": nothing if flat else shapes.perimeter_px * size**2,
            "equivalent_diameter_um": shapes.equivalent_diameter_px * size,
            "convexity": shapes.convexity,
            "touches_border": shapes.touches_border,
            "has_concurrent_channel": has_channel,
            "concurrent_partners": partners,
            "local_channel_partners": local_partners,
            "has_touching_channel": touches,
            "touching_partners": touching_partners,
            "confidence": nothing if confidence is None else confidence,
        }
    )


def contact_rows(graph: ParticleGraph) -> pd.DataFrame:
    """One row per contact: labels a < b and the properties of `cathograph.schema.relationships.CONTACT`."""
    contacts, size, flat = graph.contacts, graph.pixel_size_um, graph.regions.labels.ndim == 2
    nothing = np.full(len(contacts.a), np.nan)
    return pd.DataFrame(
        {
            "a": contacts.a,
            "b": contacts.b,
            "overlap_ab": contacts.overlap_ab,
            "overlap_ba": contacts.overlap_ba,
            "weight_px": contacts.weight_px,
            "weight": contacts.weight,
            "interface_um": contacts.interface_px * size if flat else nothing,
            "interface_um2": nothing if flat else contacts.interface_px * size**2,
            "gap_px": contacts.gap_px,
        }
    )


def tpb_rows(graph: ParticleGraph) -> pd.DataFrame:
    """One row per triangle: its three labels and the properties of `cathograph.schema.nodes.TPB`."""
    tpbs, flat = graph.tpbs, graph.regions.labels.ndim == 2
    n = len(tpbs.nmc)
    places = [column.tolist() for column in tpbs.junction_positions_px.T]
    bounds = list(zip(tpbs.junction_offsets[:-1].tolist(), tpbs.junction_offsets[1:].tolist(), strict=True))
    z, y, x = [[], *places] if flat else places
    return pd.DataFrame(
        {
            "nmc": tpbs.nmc,
            "sse": tpbs.sse,
            "graphite": tpbs.graphite,
            "perimeter_um": tpbs.perimeter_um,
            "interface_ratio": tpbs.interface_ratio,
            "weight_sum_px": tpbs.weight_sum_px,
            "junctions": tpbs.junctions,
            "is_physical": tpbs.is_physical,
            "junctions_z": pd.Series([None] * n if flat else [z[i:j] for i, j in bounds], dtype=object),
            "junctions_y": pd.Series([y[i:j] for i, j in bounds], dtype=object),
            "junctions_x": pd.Series([x[i:j] for i, j in bounds], dtype=object),
            "junction_length_um": tpbs.junction_length_um,
        }
    )


def channel_rows(graph: ParticleGraph) -> pd.DataFrame:
    """One row per pair with a concurrent channel; none above the hub limit."""
    empty = np.empty(0, dtype=np.int64)
    pairs = graph.pairs
    return pd.DataFrame(
        {
            "nmc_a": empty if pairs is None else pairs.nmc_a,
            "nmc_b": empty if pairs is None else pairs.nmc_b,
            "via_sse": empty if pairs is None else pairs.via_sse,
            "via_graphite": empty if pairs is None else pairs.via_graphite,
        }
    )


def local_channel_rows(graph: ParticleGraph) -> pd.DataFrame:
    """One row per pair with a local channel, path lengths in µm; none when not searched."""
    local, size = graph.local_channels, graph.pixel_size_um
    if local is None:
        labels, lengths = np.empty(0, dtype=np.int64), np.empty(0)
        return pd.DataFrame(
            {"nmc_a": labels, "nmc_b": labels, "path_sse_um": lengths, "path_graphite_um": lengths}
        )
    return pd.DataFrame(
        {
            "nmc_a": local.nmc_a,
            "nmc_b": local.nmc_b,
            "path_sse_um": local.path_sse_px * size,
            "path_graphite_um": local.path_graphite_px * size,
        }
    )


def nearest_rows(graph: ParticleGraph) -> pd.DataFrame:
    """One row per NMC that has another: its nearest, distance in µm."""
    nearest = graph.nearest
    return pd.DataFrame(
        {
            "nmc": nearest.nmc,
            "nearest": nearest.nearest,
            "distance_um": nearest.distance_px * graph.pixel_size_um,
            "via": pd.Series(nearest.via.tolist(), dtype=object),
            "touching": nearest.touching,
        }
    )
