"""Sub-graphs of a store as PyTorch Geometric data.

Public names, by module: `subgraph_selection`: `SubgraphSelection`, which particles; `node_features`:
`DEFAULT_FEATURES`; `export`: `export_hetero_data`, `save_hetero_data`.
"""
