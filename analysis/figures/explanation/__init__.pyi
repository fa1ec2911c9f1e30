# The public names of this figure, imported on first use (docs/decisions/0020).
from .printed import draw_explanation as draw_explanation
