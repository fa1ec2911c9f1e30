# The public names of this figure, imported on first use (docs/decisions/0020).
from .data import size_data as size_data
from .interactive import plot_size_confounder as plot_size_confounder
from .printed import draw_size_confounder as draw_size_confounder
