# The public names of this figure, imported on first use (docs/decisions/0020).
from .data import nmc_size_data as nmc_size_data
from .data import tpb_size_data as tpb_size_data
from .interactive import plot_nmc_size_by_tpbs as plot_nmc_size_by_tpbs
from .interactive import plot_tpb_size as plot_tpb_size
from .printed import draw_nmc_size_by_tpbs as draw_nmc_size_by_tpbs
from .printed import draw_tpb_size as draw_tpb_size
