"""Time and memory, ours beside rivals in the same run."""
