// sampled_particles: some particles by columns, in the order of their keys, with their measured states.
// grain:   one row; lists go together by place
// params:  $keys LIST<STRING>, $features LIST<STRING>, $measurements LIST<STRING>, $with_flagged BOOLEAN
// columns: key LIST<STRING>, centroid_z LIST<FLOAT>, centroid_y LIST<FLOAT>, centroid_x LIST<FLOAT>,
//          features LIST<LIST<FLOAT>>, soc_ev LIST<FLOAT>, heterogeneity_ev LIST<FLOAT>,
//          polarization_ev LIST<FLOAT>
// source:  for a mini-batch; states of some measurements, at most one for each particle, flagged ones only if
//          $with_flagged
UNWIND $keys AS key
MATCH (particle:Particle {key: key})
OPTIONAL MATCH (particle)<-[state:STATE]-(measurement:Measurement)
WHERE measurement.key IN $measurements AND ($with_flagged OR NOT state.flagged)
WITH collect(properties(particle)) AS members, collect(coalesce(properties(state), {})) AS states
RETURN
  [particle IN members | particle.key] AS key,
  [particle IN members | particle.centroid_z] AS centroid_z,
  [particle IN members | particle.centroid_y] AS centroid_y,
  [particle IN members | particle.centroid_x] AS centroid_x,
  [name IN $features | [particle IN members | particle[name]]] AS features,
  [state IN states | state.soc_ev] AS soc_ev,
  [state IN states | state.heterogeneity_ev] AS heterogeneity_ev,
  [state IN states | state.polarization_ev] AS polarization_ev
