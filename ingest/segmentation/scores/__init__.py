"""How good a segmentation is: pixels, boundaries, particles and the graph they make. No network is needed."""
