"""The particle graph as files that other programs read, and read back unchanged.

Public names, by module (imported one by one, because each format needs another library): `exported_graph`:
`ExportedGraph`, `build_exported_graph`; `graph_files`: `write_graph`, `read_graph` (GraphML, GEXF); `table_files`:
`write_tables`, `read_tables` (CSV, Parquet); `label_image`: `write_label_image` (OME-TIFF); `ro_crate`:
`write_ro_crate`.
"""
