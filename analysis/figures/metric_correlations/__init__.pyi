# The public names of this figure, imported on first use (docs/decisions/0020).
from .data import SUPPLEMENT as SUPPLEMENT
from .data import correlation_data as correlation_data
from .data import top_metric_data as top_metric_data
from .interactive import plot_correlation_map as plot_correlation_map
from .interactive import plot_top_metrics as plot_top_metrics
from .printed import draw_correlation_map as draw_correlation_map
from .printed import draw_top_metrics as draw_top_metrics
