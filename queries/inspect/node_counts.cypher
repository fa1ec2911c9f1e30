// node_counts: how many nodes carry each label.
// grain:   one row per label
// params:  none
// columns: name STRING, number INTEGER
// source:  overview
MATCH (node)
UNWIND labels(node) AS name
RETURN name, count(*) AS number
ORDER BY name
