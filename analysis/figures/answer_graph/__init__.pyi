# The public names of this figure, imported on first use (docs/decisions/0020).
from .interactive import DrawnLink as DrawnLink
from .interactive import DrawnNode as DrawnNode
from .interactive import plot_answer_graph as plot_answer_graph
