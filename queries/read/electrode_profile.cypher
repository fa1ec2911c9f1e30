// electrode_profile: what lies at which depth between separator and collector side.
// grain:   one row per layer of an active segmentation; none where the measures position are not computed yet
// params:  $sample STRING or null, $image STRING or null, $edge STRING or null
// columns: image STRING, depth_from_um FLOAT, depth_to_um FLOAT, active_fraction FLOAT, ionic_fraction FLOAT,
//          electronic_fraction FLOAT, gas_fraction FLOAT, inert_fraction FLOAT, background_fraction FLOAT,
//          junctions INTEGER, junctions_per_um2 FLOAT or null, junctions_per_um3 FLOAT or null, nmc INTEGER,
//          current_share FLOAT or null, soc_ev FLOAT or null, measured INTEGER, edge STRING or null, ndim INTEGER,
//          sample STRING
// source:  docs/position.md; `cathograph measures --missing` computes it. Depth 0 is the ion side. nmc counts active
//          particles whose centroid lies in the layer; current_share is the sum of theirs, soc_ev the mean of theirs
//          without flagged states, measured how many that are. Several edges need $edge, else soc_ev is null.
//          junctions_per_um2 is for 2D images, junctions_per_um3 for 3D ones. In 2D a slice cuts paths that exist in 3D
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
  AND segmentation.layer_edges_um IS NOT NULL
CALL (segmentation) {
  OPTIONAL MATCH (measurement:Measurement {active: true})-[:ON]->(segmentation)
  WHERE ($edge IS NULL OR measurement.element + ' ' + measurement.edge = $edge)
  WITH collect(measurement) AS found
  RETURN CASE WHEN size(found) = 1 THEN found[0] END AS measurement
}
CALL (segmentation, measurement) {
  OPTIONAL MATCH (segmentation)<-[:IN]-(particle:Active)
  OPTIONAL MATCH (particle)<-[state:STATE {flagged: false}]-(measurement)
  RETURN collect({
    depth: particle.separator_distance_um, current: particle.current_share, soc: state.soc_ev
  }) AS members
}
WITH sample, image, segmentation, measurement, members ORDER BY sample.id, image.id
UNWIND range(0, size(segmentation.junctions_by_layer) - 1) AS layer
WITH sample, image, segmentation, measurement, layer,
     segmentation.layer_edges_um[layer] AS depth_from, segmentation.layer_edges_um[layer + 1] AS depth_to, members
WITH sample, image, segmentation, measurement, layer, depth_from, depth_to,
     [each IN members WHERE depth_from <= each.depth AND each.depth < depth_to] AS inside
WITH sample, image, segmentation, measurement, layer, depth_from, depth_to, size(inside) AS nmc,
     reduce(size = 1.0, edge IN segmentation.shape | size * edge * segmentation.pixel_size_um)
       * (depth_to - depth_from) / segmentation.layer_edges_um[-1] AS layer_size,
     [each IN inside WHERE each.current IS NOT NULL | each.current] AS currents,
     [each IN inside WHERE each.soc IS NOT NULL | each.soc] AS states
RETURN
  image.id AS image,
  depth_from AS depth_from_um,
  depth_to AS depth_to_um,
  segmentation.active_by_layer[layer] AS active_fraction,
  segmentation.ionic_by_layer[layer] AS ionic_fraction,
  segmentation.electronic_by_layer[layer] AS electronic_fraction,
  segmentation.gas_by_layer[layer] AS gas_fraction,
  segmentation.inert_by_layer[layer] AS inert_fraction,
  segmentation.background_by_layer[layer] AS background_fraction,
  segmentation.junctions_by_layer[layer] AS junctions,
  CASE segmentation.ndim WHEN 2 THEN segmentation.junctions_by_layer[layer] / layer_size END AS junctions_per_um2,
  CASE segmentation.ndim WHEN 3 THEN segmentation.junctions_by_layer[layer] / layer_size END AS junctions_per_um3,
  nmc,
  CASE WHEN segmentation.transport_version IS NOT NULL
       THEN reduce(total = 0.0, each IN currents | total + each) END AS current_share,
  CASE WHEN size(states) > 0 THEN reduce(total = 0.0, each IN states | total + each) / size(states) END AS soc_ev,
  size(states) AS measured,
  measurement.element + ' ' + measurement.edge AS edge,
  segmentation.ndim AS ndim,
  sample.id AS sample
