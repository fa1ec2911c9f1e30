"""Synthetic microstructures with known truth, for tests, the demo, training and benchmarks."""

from phantom.energy_map import EnergyMap, EnergyModel, make_energy_map
from phantom.grey import Imaging, render_grey
from phantom.microstructure import Microstructure, make_microstructure, merge_touching, phantom_set
from phantom.parameters import MicrostructureParameters
from phantom.presets import PRESETS, preset_parameters
from phantom.spectra import ni_k_edge_spectrum
from phantom.xanes import iterate_xanes_blocks, make_xanes_stack

__all__ = [
    "PRESETS",
    "EnergyMap",
    "EnergyModel",
    "Imaging",
    "Microstructure",
    "MicrostructureParameters",
    "iterate_xanes_blocks",
    "make_energy_map",
    "make_microstructure",
    "make_xanes_stack",
    "merge_touching",
    "ni_k_edge_spectrum",
    "phantom_set",
    "preset_parameters",
    "render_grey",
]
