"""Transport of ions and electrons on a phase image by finite volumes."""

from cathograph.ingest.transport.conductances import SLICE_THICKNESS_UM, Medium
from cathograph.ingest.transport.coupled import CoupledTransport, coupled_transport
from cathograph.ingest.transport.effective import Effective, effective_transport

__all__ = [
    "SLICE_THICKNESS_UM",
    "CoupledTransport",
    "Effective",
    "Medium",
    "coupled_transport",
    "effective_transport",
]
