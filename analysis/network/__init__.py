"""Centralities and percolation of the contact graph."""

from cathograph.analysis.network.contact_graph import ContactGraph, build_contact_graph
from cathograph.analysis.network.network_metrics import PathLimits, measure_network

__all__ = ["ContactGraph", "PathLimits", "build_contact_graph", "measure_network"]
