"""The graph of one label image: everything that is computed from the array, before any database.

Order of the steps: shapes → contacts → junctions → TPBs → channels → nearest NMC → local
channels. Each is a module of its own; this one only calls them and keeps what they return.
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
from cathograph.ingest.graph.tpbs import Tpbs, find_tpbs
from cathograph.ingest.regions.labelling import LabelledImage
from cathograph.ingest.regions.shapes import RegionShapes, measure_regions


@dataclass(frozen=True, eq=False)
class ParticleGraph:
    """Particles of one label image and all that relates them.

    Attributes
    ----------
    image : LabelledImage
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
    """

    image: LabelledImage
    pixel_size_um: float
    shapes: RegionShapes
    contacts: Contacts
    tpbs: Tpbs
    flags: ChannelFlags
    n_channel_pairs: int
    pairs: ChannelPairs | None
    hubs: HubShares
    nearest: NearestNmc
    local_channels: LocalChannels | None
    local_channel_path_um: float | None


def build_graph(
    image: LabelledImage,
    *,
    pixel_size_um: float,
    radius_px: int = 3,
    local_channel_path_um: float | None = None,
) -> ParticleGraph:
    """Compute the whole particle graph of a label image.

    Parameters
    ----------
    image : LabelledImage
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
    InputError
        When labels and phases do not fit each other.
    """
    labels, names, phases = image.labels, image.region_labels, image.region_phases
    shapes = measure_regions(labels, names)
    contacts = find_contacts(labels, radius_px=radius_px)
    junctions = find_junctions(labels, names, phases, radius_px=radius_px)
    flags = channel_flags(contacts, names, phases)
    n_pairs = count_channel_pairs(flags)
    return ParticleGraph(
        image=image,
        pixel_size_um=pixel_size_um,
        shapes=shapes,
        contacts=contacts,
        tpbs=find_tpbs(contacts, names, phases, shapes.centroid_px, junctions, pixel_size_um),
        flags=flags,
        n_channel_pairs=n_pairs,
        pairs=channel_pairs(contacts, names, phases) if stores_pairs(n_pairs, len(flags.nmc)) else None,
        hubs=hub_shares(phases, shapes.area_px),
        nearest=find_nearest_nmc(labels, names, phases, contacts),
        local_channels=None
        if local_channel_path_um is None
        else find_local_channels(
            labels,
            names,
            phases,
            contacts,
            radius_px=radius_px,
            max_path_px=local_channel_path_um / pixel_size_um,
        ),
        local_channel_path_um=local_channel_path_um,
    )
