"""Reading from a store: the guarded runner and whole tables as columns.

Public names, by module: `runner`: `run`, any query as a table; `guard`: what a read-only query may do;
`graph_columns`, `sampled_columns`: particles and contacts as arrays; `provenance`, `content`: where data come from.
"""
