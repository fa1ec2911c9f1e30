# The public names of this figure, imported on first use (docs/decisions/0020).
from .data import group_data as group_data
from .interactive import plot_group_boxes as plot_group_boxes
from .printed import draw_group_boxes as draw_group_boxes
