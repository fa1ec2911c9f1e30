"""The particle graph of one label image: contacts, junctions, TPBs, channels and nearest particles.

`build_graph` runs all steps. Each step is a function of its own for those who need one alone.
"""

from cathograph.ingest.graph.channels import (
    ChannelFlags,
    ChannelPairs,
    HubShares,
    channel_flags,
    channel_pairs,
    hub_shares,
    iterate_channel_pairs,
)
from cathograph.ingest.graph.contacts import Contacts, find_contacts
from cathograph.ingest.graph.junctions import Junctions, find_junctions
from cathograph.ingest.graph.local_channels import LocalChannels, find_local_channels
from cathograph.ingest.graph.nearest import NearestNmc, find_nearest_nmc
from cathograph.ingest.graph.neighbours import PhaseNeighbours, find_neighbours
from cathograph.ingest.graph.particle_graph import ParticleGraph, build_graph
from cathograph.ingest.graph.touching_channels import TouchingFlags, touching_flags
from cathograph.ingest.graph.tpbs import Tpbs, find_tpbs

__all__ = [
    "ChannelFlags",
    "ChannelPairs",
    "Contacts",
    "HubShares",
    "Junctions",
    "LocalChannels",
    "NearestNmc",
    "ParticleGraph",
    "PhaseNeighbours",
    "TouchingFlags",
    "Tpbs",
    "build_graph",
    "channel_flags",
    "channel_pairs",
    "find_contacts",
    "find_junctions",
    "find_local_channels",
    "find_nearest_nmc",
    "find_neighbours",
    "find_tpbs",
    "hub_shares",
    "iterate_channel_pairs",
    "touching_flags",
]
