// tpbs: triple phase boundaries, as triangles of regions in contact.
// grain:   one row per triangle NMC, SSE, graphite
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, nmc INTEGER, sse INTEGER, graphite INTEGER, perimeter_um FLOAT,
//          interface_ratio FLOAT, junctions INTEGER, is_physical BOOLEAN, weight_sum_px FLOAT,
//          junction_length_um FLOAT or null, sample STRING
// source:  paper: triangles, TPB size (perimeter of the centroids), interface ratio; junctions are ours
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(nmc:NMC)<-[:MEETS]-(tpb:TPB)
MATCH (tpb)-[:MEETS]->(sse:SSE)
MATCH (tpb)-[:MEETS]->(graphite:Graphite)
RETURN
  image.id AS image,
  nmc.label AS nmc,
  sse.label AS sse,
  graphite.label AS graphite,
  tpb.perimeter_um AS perimeter_um,
  tpb.interface_ratio AS interface_ratio,
  tpb.junctions AS junctions,
  tpb.is_physical AS is_physical,
  tpb.weight_sum_px AS weight_sum_px,
  tpb.junction_length_um AS junction_length_um,
  sample.id AS sample
ORDER BY sample, image, nmc, sse, graphite
