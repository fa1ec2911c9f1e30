"""From the graph to PyTorch Geometric and back: export, models, predictions."""

import warnings

# PyTorch Geometric's import decorates functions with it, which is no news to anyone who uses it through us.
warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated", FutureWarning)
