// graph_particles: every particle with its key and all of its properties, the measured state included.
// grain:   one row per particle of an active segmentation
// params:  $sample STRING or null, $image STRING or null
// columns: sample STRING, image STRING, label INTEGER, phase STRING, key STRING, properties MAP,
//          state MAP or null
// source:  `cathograph export`; with the query contacts it is the whole graph
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(particle:Particle)
WITH sample, image, particle ORDER BY particle.label
WITH sample, image, collect(particle) AS members ORDER BY sample.id, image.id
UNWIND range(0, size(members) - 1, 2000) AS start
CALL (sample, image, members, start) {
  UNWIND members[start..start + 2000] AS particle
  OPTIONAL MATCH (particle)<-[state:STATE]-(:Measurement {active: true})
  RETURN collect({
    sample: sample.id,
    image: image.id,
    label: particle.label,
    phase: particle.phase,
    key: particle.key,
    properties: properties(particle),
    state: properties(state)
  }) AS rows
}
RETURN rows
