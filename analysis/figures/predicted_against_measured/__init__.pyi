# The public names of this figure, imported on first use (docs/decisions/0020).
from .data import SPLIT_NAMES as SPLIT_NAMES
from .data import newest_model as newest_model
from .data import predicted_data as predicted_data
from .interactive import plot_learning_curves as plot_learning_curves
from .interactive import plot_predicted_over_measured as plot_predicted_over_measured
from .interactive import plot_residuals_over_image as plot_residuals_over_image
from .printed import draw_predicted_against_measured as draw_predicted_against_measured
