"""The graph of one label image: everything that is computed from the array, before any database.

Order of the steps: shapes → contacts → junctions → TPBs → channels → nearest NMC → local
channels. Each is a module of its own; this one only calls them and keeps what they return.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.channels import ChannelFlags, HubShares, channel_flags, count_channel_pairs, hub_shares
from ingest.contacts import Contacts, find_contacts
from ingest.junctions import find_junctions
from ingest.local_channels import LocalChannels, find_local_channels
from ingest.nearest import NearestNmc, find_nearest_nmc
from ingest.regions import LabelledImage
from ingest.shapes import RegionShapes, measure_regions
from ingest.tpbs import Tpbs, find_tpbs
