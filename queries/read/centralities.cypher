// centralities: the network metrics of every particle, in the whole graph, the ionic and the electronic one.
// grain:   one row per particle of an active segmentation; nulls where metrics are not computed yet
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, label INTEGER, phase STRING, degree INTEGER or null, weighted_degree_px FLOAT or null,
//          clustering FLOAT or null, betweenness FLOAT or null, betweenness_normalised FLOAT or null,
//          closeness FLOAT or null, eigenvector FLOAT or null, betweenness_weighted FLOAT or null,
//          closeness_weighted FLOAT or null, eigenvector_weighted FLOAT or null,
//          neighbours_nmc INTEGER or null, neighbours_sse INTEGER or null,
//          neighbours_graphite INTEGER or null, neighbours_other INTEGER or null,
//          ionic_degree INTEGER or null, ionic_weighted_degree_px FLOAT or null, ionic_clustering FLOAT or null,
//          ionic_betweenness FLOAT or null, ionic_closeness FLOAT or null, ionic_eigenvector FLOAT or null,
//          electronic_degree INTEGER or null, electronic_weighted_degree_px FLOAT or null,
//          electronic_clustering FLOAT or null, electronic_betweenness FLOAT or null,
//          electronic_closeness FLOAT or null, electronic_eigenvector FLOAT or null, sample STRING
// source:  paper, Fig. 5a and S5 to S7; weighted and typed ones are ours (docs/network.md)
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(particle:Particle)
WITH sample, image, particle ORDER BY particle.label
WITH sample, image, collect(particle) AS members ORDER BY sample.id, image.id
UNWIND range(0, size(members) - 1, 2000) AS start
CALL (sample, image, members, start) {
  UNWIND members[start..start + 2000] AS particle
  RETURN collect({
    image: image.id,
    label: particle.label,
    phase: particle.phase,
    degree: particle.degree,
    weighted_degree_px: particle.weighted_degree_px,
    clustering: particle.clustering,
    betweenness: particle.betweenness,
    betweenness_normalised: particle.betweenness_normalised,
    closeness: particle.closeness,
    eigenvector: particle.eigenvector,
    betweenness_weighted: particle.betweenness_weighted,
    closeness_weighted: particle.closeness_weighted,
    eigenvector_weighted: particle.eigenvector_weighted,
    neighbours_nmc: particle.neighbours_nmc,
    neighbours_sse: particle.neighbours_sse,
    neighbours_graphite: particle.neighbours_graphite,
    neighbours_other: particle.neighbours_other,
    ionic_degree: particle.ionic_degree,
    ionic_weighted_degree_px: particle.ionic_weighted_degree_px,
    ionic_clustering: particle.ionic_clustering,
    ionic_betweenness: particle.ionic_betweenness,
    ionic_closeness: particle.ionic_closeness,
    ionic_eigenvector: particle.ionic_eigenvector,
    electronic_degree: particle.electronic_degree,
    electronic_weighted_degree_px: particle.electronic_weighted_degree_px,
    electronic_clustering: particle.electronic_clustering,
    electronic_betweenness: particle.electronic_betweenness,
    electronic_closeness: particle.electronic_closeness,
    electronic_eigenvector: particle.electronic_eigenvector,
    sample: sample.id
  }) AS rows
}
RETURN rows
