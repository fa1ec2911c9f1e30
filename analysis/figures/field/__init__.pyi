# The public names of this figure, imported on first use (docs/decisions/0020).
from .data import FIELD_QUERIES as FIELD_QUERIES
from .data import MOST_CHANNELS as MOST_CHANNELS
from .data import NO_CHANNELS as NO_CHANNELS
from .data import FieldGraph as FieldGraph
from .data import FieldTables as FieldTables
from .data import field_graph_data as field_graph_data
from .interactive import Layers as Layers
from .interactive import has_many_rings as has_many_rings
from .interactive import plot_field as plot_field
from .interactive import plot_surroundings as plot_surroundings
from .interactive import whole_window as whole_window
from .printed import draw_field_graph as draw_field_graph
from .printed import draw_graph_over_image as draw_graph_over_image
