"""What a user may choose, each choice written once: name, type, range, help, and whether it is stored.

The command line, ``beamtime.yaml``, its template, the Python API, the stored parameters and the repeat of a stored
image are all derived from these models (docs/decisions/0018). Nothing here imports image code, so that
``cathograph --help`` stays fast.
"""

from cathograph.ingest.options.edge_defaults import (
    USUAL,
    USUAL_EDGE,
    EdgeDefaults,
    choose_edge,
    covered_edges,
    defaults_of,
)
from cathograph.ingest.options.fit_options import FitOptions, MethodName, RegisterAgainst
from cathograph.ingest.options.ingest_options import Connectivity, IngestOptions, PaintedIngestOptions, Source
from cathograph.ingest.options.map_options import MapOptions, MapOrientation, MatchingOptions
from cathograph.ingest.options.model import Option, Options, Stored
from cathograph.ingest.options.names import renamed, scalar_of
from cathograph.ingest.options.service_settings import ServiceSettings
from cathograph.ingest.options.stack_options import Region, Signal, StackOptions
from cathograph.ingest.options.state_method import STATE_VERSION, StateMethod

__all__ = [
    "STATE_VERSION",
    "USUAL",
    "USUAL_EDGE",
    "Connectivity",
    "EdgeDefaults",
    "FitOptions",
    "IngestOptions",
    "MapOptions",
    "MapOrientation",
    "MatchingOptions",
    "MethodName",
    "Option",
    "Options",
    "PaintedIngestOptions",
    "Region",
    "RegisterAgainst",
    "ServiceSettings",
    "Signal",
    "Source",
    "StackOptions",
    "StateMethod",
    "Stored",
    "choose_edge",
    "covered_edges",
    "defaults_of",
    "renamed",
    "scalar_of",
]
