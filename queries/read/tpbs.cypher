// tpbs: triple phase boundaries, as triangles of regions in contact.
// grain:   one row per triangle
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, nmc INTEGER, sse INTEGER, graphite INTEGER, perimeter_um FLOAT,
//          interface_ratio FLOAT, junctions INTEGER, is_physical BOOLEAN, weight_sum_px FLOAT,
//          junction_length_um FLOAT or null, sample STRING, composite STRING, phases LIST<STRING>
// source:  paper: triangles, TPB size (perimeter of the centroids), interface ratio; junctions are ours. nmc, sse
//          and graphite are the labels of the regions in the three places of the composite's triple, which phases
//          names: NMC, SSE and Graphite in the default composite, Ni, YSZ and Pore in sofc-electrode
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(first:Particle)
WHERE EXISTS { (first)<-[:MEETS {place: 1}]-(:TPB) }
WITH sample, image, segmentation, first ORDER BY first.label
WITH sample, image, segmentation, collect(first) AS members ORDER BY sample.id, image.id
UNWIND range(0, size(members) - 1, 2000) AS start
CALL (sample, image, segmentation, members, start) {
  UNWIND members[start..start + 2000] AS first
  MATCH (first)<-[:MEETS {place: 1}]-(tpb:TPB)
  MATCH (tpb)-[:MEETS {place: 2}]->(second:Particle)
  MATCH (tpb)-[:MEETS {place: 3}]->(third:Particle)
  WITH first, second, third, tpb ORDER BY first.label, second.label, third.label
  RETURN collect({
    image: image.id,
    nmc: first.label,
    sse: second.label,
    graphite: third.label,
    perimeter_um: tpb.perimeter_um,
    interface_ratio: tpb.interface_ratio,
    junctions: tpb.junctions,
    is_physical: tpb.is_physical,
    weight_sum_px: tpb.weight_sum_px,
    junction_length_um: tpb.junction_length_um,
    sample: sample.id,
    composite: segmentation.composite,
    phases: [first.phase, second.phase, third.phase]
  }) AS rows
}
RETURN rows
