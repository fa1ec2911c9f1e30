"""Synthetic microstructures with known truth, for tests, the demo, training and benchmarks."""

if __name__ != "cathograph.phantom":
    msg = f"Found an import of {__name__!r}; expected it under the one name 'cathograph.phantom'."
    raise ImportError(msg)

from cathograph.phantom.energy_map import EnergyMap, EnergyModel, make_energy_map
from cathograph.phantom.grey import Imaging, render_grey
from cathograph.phantom.materials import MATERIALS, Materials
from cathograph.phantom.microstructure import Microstructure, make_microstructure, merge_touching, phantom_set
from cathograph.phantom.parameters import MicrostructureParameters
from cathograph.phantom.particle_kinds import PARTICLE_KINDS, make_particles
from cathograph.phantom.presets import PRESETS, preset_parameters
from cathograph.phantom.reaction_front import reaction_front
from cathograph.phantom.spectra import edge_spectrum
from cathograph.phantom.tomography import Tomography, mean_of_blocks, reconstruct_slice
from cathograph.phantom.xanes_stack import iterate_xanes_blocks, make_xanes_stack

__all__ = [
    "MATERIALS",
    "PARTICLE_KINDS",
    "PRESETS",
    "EnergyMap",
    "EnergyModel",
    "Imaging",
    "Materials",
    "Microstructure",
    "MicrostructureParameters",
    "Tomography",
    "edge_spectrum",
    "iterate_xanes_blocks",
    "make_energy_map",
    "make_microstructure",
    "make_particles",
    "make_xanes_stack",
    "mean_of_blocks",
    "merge_touching",
    "phantom_set",
    "preset_parameters",
    "reaction_front",
    "reconstruct_slice",
    "render_grey",
]
