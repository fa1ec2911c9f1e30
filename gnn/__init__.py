"""From the graph to PyTorch Geometric and back: export, models, predictions."""

if __name__ != "cathograph.gnn":
    msg = f"Found an import of {__name__!r}; expected it under the one name 'cathograph.gnn'."
    raise ImportError(msg)

import warnings

# PyTorch Geometric's import decorates functions with it, which is no news to anyone who uses it through us.
warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated", FutureWarning)
