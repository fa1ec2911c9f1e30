"""Sub-graphs of a store as PyTorch Geometric data."""
