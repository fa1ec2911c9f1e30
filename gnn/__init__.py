"""From the graph to PyTorch Geometric and back: export, models, predictions."""
