// paths: betweenness and closeness alone, for a timing of what takes the time.
// grain:   one row per particle and metric
// params:  $graph STRING
// columns: metric STRING, label INTEGER, value FLOAT
// source:  cathograph.benchmarks.speed.centrality
CALL gds.closeness.stream($graph, {useWassermanFaust: true}) YIELD nodeId, score
RETURN 'closeness' AS metric, gds.util.asNode(nodeId).label AS label, score AS value
UNION ALL
CALL gds.betweenness.stream($graph) YIELD nodeId, score
RETURN 'betweenness' AS metric, gds.util.asNode(nodeId).label AS label, score AS value
