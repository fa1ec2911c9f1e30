// centralities: the network metrics of every particle, in the whole graph, the ionic and the electronic one.
// grain:   one row per particle of an active segmentation; nulls where metrics are not computed yet, or not all
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
WITH sample, image, segmentation.metrics_version IS NOT NULL AS complete, particle ORDER BY particle.label
WITH sample, image, complete, collect(particle) AS members ORDER BY sample.id, image.id
UNWIND range(0, size(members) - 1, 2000) AS start
CALL (sample, image, complete, members, start) {
  UNWIND members[start..start + 2000] AS particle
  WITH particle, CASE WHEN complete THEN particle END AS metrics
  RETURN collect({
    image: image.id,
    label: particle.label,
    phase: particle.phase,
    degree: metrics.degree,
    weighted_degree_px: metrics.weighted_degree_px,
    clustering: metrics.clustering,
    betweenness: metrics.betweenness,
    betweenness_normalised: metrics.betweenness_normalised,
    closeness: metrics.closeness,
    eigenvector: metrics.eigenvector,
    betweenness_weighted: metrics.betweenness_weighted,
    closeness_weighted: metrics.closeness_weighted,
    eigenvector_weighted: metrics.eigenvector_weighted,
    neighbours_nmc: metrics.neighbours_nmc,
    neighbours_sse: metrics.neighbours_sse,
    neighbours_graphite: metrics.neighbours_graphite,
    neighbours_other: metrics.neighbours_other,
    ionic_degree: metrics.ionic_degree,
    ionic_weighted_degree_px: metrics.ionic_weighted_degree_px,
    ionic_clustering: metrics.ionic_clustering,
    ionic_betweenness: metrics.ionic_betweenness,
    ionic_closeness: metrics.ionic_closeness,
    ionic_eigenvector: metrics.ionic_eigenvector,
    electronic_degree: metrics.electronic_degree,
    electronic_weighted_degree_px: metrics.electronic_weighted_degree_px,
    electronic_clustering: metrics.electronic_clustering,
    electronic_betweenness: metrics.electronic_betweenness,
    electronic_closeness: metrics.electronic_closeness,
    electronic_eigenvector: metrics.electronic_eigenvector,
    sample: sample.id
  }) AS rows
}
RETURN rows
