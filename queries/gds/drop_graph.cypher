// drop_graph: free a projected graph; no error when there is none.
// grain:   no row, or one
// params:  $graph STRING
// columns: graph STRING
// source:  it lives in the server's memory until dropped
CALL gds.graph.drop($graph, false) YIELD graphName
RETURN graphName AS graph
