"""Synthetic microstructures with known truth, for tests, the demo, training and benchmarks."""
