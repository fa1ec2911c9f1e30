// tpbs: triple phase boundaries, as triangles of regions in contact.
// grain:   one row per triangle NMC, SSE, graphite
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, nmc INTEGER, sse INTEGER, graphite INTEGER, perimeter_um FLOAT,
//          interface_ratio FLOAT, junctions INTEGER, is_physical BOOLEAN, weight_sum_px FLOAT,
//          junction_length_um FLOAT or null, sample STRING
// source:  paper: triangles, TPB size (perimeter of the centroids), interface ratio; junctions are ours
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(nmc:NMC)
WITH sample, image, nmc ORDER BY nmc.label
WITH sample, image, collect(nmc) AS members ORDER BY sample.id, image.id
UNWIND range(0, size(members) - 1, 2000) AS start
CALL (sample, image, members, start) {
  UNWIND members[start..start + 2000] AS nmc
  MATCH (nmc)<-[:MEETS]-(tpb:TPB)
  MATCH (tpb)-[:MEETS]->(sse:SSE)
  MATCH (tpb)-[:MEETS]->(graphite:Graphite)
  WITH nmc, sse, graphite, tpb ORDER BY nmc.label, sse.label, graphite.label
  RETURN collect({
    image: image.id,
    nmc: nmc.label,
    sse: sse.label,
    graphite: graphite.label,
    perimeter_um: tpb.perimeter_um,
    interface_ratio: tpb.interface_ratio,
    junctions: tpb.junctions,
    is_physical: tpb.is_physical,
    weight_sum_px: tpb.weight_sum_px,
    junction_length_um: tpb.junction_length_um,
    sample: sample.id
  }) AS rows
}
RETURN rows
