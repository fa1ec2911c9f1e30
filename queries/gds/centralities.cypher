// centralities: what Graph Data Science computes on a projected contact graph, by our names.
// grain:   one row per particle and metric
// params:  $graph STRING
// columns: metric STRING, label INTEGER, value FLOAT
// source:  closeness needs useWassermanFaust, else it forgets how much is not reached
CALL gds.degree.stream($graph) YIELD nodeId, score
RETURN 'degree' AS metric, gds.util.asNode(nodeId).label AS label, score AS value
UNION ALL
CALL gds.degree.stream($graph, {relationshipWeightProperty: 'weight_px'}) YIELD nodeId, score
RETURN 'weighted_degree_px' AS metric, gds.util.asNode(nodeId).label AS label, score AS value
UNION ALL
CALL gds.localClusteringCoefficient.stream($graph) YIELD nodeId, localClusteringCoefficient
RETURN 'clustering' AS metric, gds.util.asNode(nodeId).label AS label, localClusteringCoefficient AS value
UNION ALL
CALL gds.closeness.stream($graph, {useWassermanFaust: true}) YIELD nodeId, score
RETURN 'closeness' AS metric, gds.util.asNode(nodeId).label AS label, score AS value
UNION ALL
CALL gds.betweenness.stream($graph) YIELD nodeId, score
RETURN 'betweenness' AS metric, gds.util.asNode(nodeId).label AS label, score AS value
UNION ALL
CALL gds.betweenness.stream($graph, {relationshipWeightProperty: 'length'}) YIELD nodeId, score
RETURN 'betweenness_weighted' AS metric, gds.util.asNode(nodeId).label AS label, score AS value
