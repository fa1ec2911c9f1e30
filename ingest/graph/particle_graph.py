"""The graph of one label image: all that is computed from the array, before it is stored.

Order of the steps: shapes → contacts → neighbours → junctions → channels → touching channels → TPBs → nearest
NMC → local channels. Each is a module of its own; this one only calls them and keeps what they return. All steps share
one numbering of the image (`Regions.numbers`) and one set of neighbour matrices (`PhaseNeighbours`).
"""

from dataclasses import dataclass

from cathograph.ingest.graph.channels import (
    ChannelFlags,
    ChannelPairs,
    HubShares,
    channel_flags,
    channel_pairs,
    count_channel_pairs,
    hub_shares,
    stores_pairs,
)
from cathograph.ingest.graph.contacts import Contacts, find_contacts
from cathograph.ingest.graph.junctions import find_junctions
from cathograph.ingest.graph.local_channels import LocalChannels, find_local_channels
from cathograph.ingest.graph.nearest import NearestNmc, find_nearest_nmc
from cathograph.ingest.graph.neighbours import find_neighbours
from cathograph.ingest.graph.touching_channels import TouchingFlags, touching_flags
from cathograph.ingest.graph.tpbs import Tpbs, find_tpbs
from cathograph.ingest.regions.regions import Regions
from cathograph.ingest.regions.shapes import RegionShapes, measure_regions


@dataclass(frozen=True, eq=False)
class ParticleGraph:
    """The particles of one label image and the relations between them.

    Attributes
    ----------
    regions : Regions
        Label image with the phase of each label.
    pixel_size_um : float
        Edge of a pixel in µm.
    shapes : RegionShapes
        One row per particle.
    contacts : Contacts
        One row per contact.
    tpbs : Tpbs
        One row per triangle.
    flags : ChannelFlags
        One row per NMC.
    touching : TouchingFlags
        One row per NMC.
    n_channel_pairs : int
        Pairs with a concurrent channel, stored or not.
    pairs : ChannelPairs or None
        The pairs; None above the hub limit.
    hubs : HubShares
        Largest region over its phase.
    nearest : NearestNmc
        One row per NMC that has another.
    local_channels : LocalChannels or None
        One row per pair; None when not searched.
    local_channel_path_um : float or None
        Longest path of a local channel; None when they were not searched.
    """

    regions: Regions
    pixel_size_um: float
    shapes: RegionShapes
    contacts: Contacts
    tpbs: Tpbs
    flags: ChannelFlags
    touching: TouchingFlags
    n_channel_pairs: int
    pairs: ChannelPairs | None
    hubs: HubShares
    nearest: NearestNmc
    local_channels: LocalChannels | None
    local_channel_path_um: float | None


def build_graph(
    regions: Regions,
    *,
    pixel_size_um: float,
    radius_px: int = 3,
    local_channel_path_um: float | None = None,
) -> ParticleGraph:
    """Compute the whole particle graph of a label image.

    Parameters
    ----------
    regions : Regions
        Labels and phases; axes (y, x) or (z, y, x).
    pixel_size_um : float
        Edge of a pixel in µm.
    radius_px : int
        Contact radius (Chebyshev), 3 in the paper.
    local_channel_path_um : float, optional
        Longest path of a local channel; None leaves them out.

    Returns
    -------
    ParticleGraph

    Raises
    ------
    InputImageError
        When the image holds a label that is not among its regions.
    InputError
        When a radius, path or pixel size is out of range.
    """
    shapes = measure_regions(regions)
    contacts = find_contacts(regions.numbers, radius_px=radius_px).with_labels(regions.region_labels)
    neighbours = find_neighbours(regions, contacts)
    junctions = find_junctions(regions, radius_px=radius_px)
    flags = channel_flags(neighbours)
    n_pairs = count_channel_pairs(flags)
    local_channels = None
    if local_channel_path_um is not None:
        local_channels = find_local_channels(neighbours, max_path_px=local_channel_path_um / pixel_size_um)
    return ParticleGraph(
        regions=regions,
        pixel_size_um=pixel_size_um,
        shapes=shapes,
        contacts=contacts,
        tpbs=find_tpbs(neighbours, shapes.centroid_px, junctions, pixel_size_um),
        flags=flags,
        touching=touching_flags(neighbours),
        n_channel_pairs=n_pairs,
        pairs=channel_pairs(neighbours) if stores_pairs(n_pairs, len(flags.nmc)) else None,
        hubs=hub_shares(regions, shapes.area_px),
        nearest=find_nearest_nmc(neighbours),
        local_channels=local_channels,
        local_channel_path_um=local_channel_path_um,
    )
