# The public names of this figure, imported on first use (docs/decisions/0020).
from .data import energies_by_label as energies_by_label
from .data import grey_value_data as grey_value_data
from .data import particle_energy_data as particle_energy_data
from .interactive import plot_grey_values as plot_grey_values
from .interactive import plot_particle_energies as plot_particle_energies
from .printed import draw_grey_values as draw_grey_values
from .printed import draw_particle_energies as draw_particle_energies
