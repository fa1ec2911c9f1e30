# The public names of this figure, imported on first use (docs/decisions/0020).
from .data import nearest_data as nearest_data
from .interactive import plot_nearest_connection as plot_nearest_connection
from .printed import draw_nearest_connection as draw_nearest_connection
