// graph_particles: every particle with its key and all of its properties, the measured state included.
// grain:   one row per particle of an active segmentation
// params:  $sample STRING or null, $image STRING or null
// columns: sample STRING, image STRING, label INTEGER, phase STRING, key STRING, properties MAP,
//          state MAP or null, composite STRING, roles LIST<STRING>
// source:  `cathograph export`; with the query contacts it is the whole graph. Network metrics are null where
//          they are not computed yet, or not all. roles are those of the particle's phase in the composite of its image
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(particle:Particle)
WITH sample, image, segmentation, particle ORDER BY particle.label
WITH sample, image, segmentation, segmentation.metrics_version IS NOT NULL AS complete, collect(particle) AS members
ORDER BY sample.id, image.id
UNWIND range(0, size(members) - 1, 2000) AS start
CALL (sample, image, segmentation, complete, members, start) {
  UNWIND members[start..start + 2000] AS particle
  OPTIONAL MATCH (particle)<-[state:STATE]-(:Measurement {active: true})
  RETURN collect({
    sample: sample.id,
    image: image.id,
    label: particle.label,
    phase: particle.phase,
    key: particle.key,
    properties: CASE WHEN complete THEN properties(particle) ELSE particle {
      .*,
      degree: null,
      weighted_degree_px: null,
      neighbours_nmc: null,
      neighbours_sse: null,
      neighbours_graphite: null,
      neighbours_other: null,
      clustering: null,
      betweenness: null,
      betweenness_normalised: null,
      closeness: null,
      eigenvector: null,
      betweenness_weighted: null,
      closeness_weighted: null,
      eigenvector_weighted: null,
      ionic_degree: null,
      ionic_weighted_degree_px: null,
      ionic_clustering: null,
      ionic_betweenness: null,
      ionic_closeness: null,
      ionic_eigenvector: null,
      electronic_degree: null,
      electronic_weighted_degree_px: null,
      electronic_clustering: null,
      electronic_betweenness: null,
      electronic_closeness: null,
      electronic_eigenvector: null,
      ionic_sides: null,
      electronic_sides: null,
      cuts_off: null
    } END,
    state: properties(state),
    composite: segmentation.composite,
    roles: [role IN ['Active', 'Ionic', 'Electronic', 'Gas', 'Inert'] WHERE role IN labels(particle) | toLower(role)]
  }) AS rows
}
RETURN rows
