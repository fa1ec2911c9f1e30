// eigenvectors: eigenvector centrality by Graph Data Science, for a projected graph that is connected.
// grain:   one row per particle
// params:  $graph STRING
// columns: metric STRING, label INTEGER, value FLOAT
// source:  a power iteration: where there are several components only one of them means anything, and on a
//          bipartite graph it does not settle. Weighted, it divides a particle's weights by their sum, as PageRank
//          does: that is another metric than ours
CALL gds.eigenvector.stream($graph, {maxIterations: 1000, tolerance: 1e-12}) YIELD nodeId, score
RETURN 'eigenvector' AS metric, gds.util.asNode(nodeId).label AS label, score AS value
