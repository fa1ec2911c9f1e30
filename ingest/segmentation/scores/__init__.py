"""How good a segmentation is: pixels, boundaries, particles and the graph they make. PyTorch is not needed.

Public names, by module: `overlap`: `score_overlap`; `boundary`: `score_boundaries`; `instances`: `score_instances`;
`graph_error`: `compare_graphs`.
"""
