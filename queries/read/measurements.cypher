// measurements: every energy map of every image, the active one and older ones.
// grain:   one row per measurement
// params:  $sample STRING or null, $image STRING or null, $edge STRING or null
// columns: image STRING, active BOOLEAN, in_sight BOOLEAN, created DATETIME, kind STRING, particles INTEGER,
//          measured INTEGER, flagged INTEGER, matching STRING, pixel_size_um FLOAT, shape LIST<INTEGER>,
//          offset_um LIST<FLOAT>, residual_shift_um LIST<FLOAT> or null, params STRING, placement STRING,
//          content_sha256 STRING, measurement STRING, segmentation STRING, sample STRING,
//          energies LIST<FLOAT> or null, element STRING, edge STRING, agreement FLOAT or null,
//          agreement_chance FLOAT or null, agreement_particles INTEGER or null, trusted_by STRING or null,
//          energy_step_ev FLOAT or null, fill_ev LIST<FLOAT> or null, n_fill INTEGER or null,
//          pinned_ev LIST<FLOAT> or null, n_pinned INTEGER or null, with_standard_errors BOOLEAN or null
// source:  overview; params and placement are JSON; energies are those in eV that the map was fitted from. Active is the newest of its segmentation and edge; in sight
//          where that segmentation is the active one of its image too
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:OF]-(measurement:Measurement)-[:ON]->(segmentation:Segmentation)
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
  AND ($edge IS NULL OR measurement.element + ' ' + measurement.edge = $edge)
RETURN
  image.id AS image,
  measurement.active AS active,
  measurement.active AND segmentation.active AS in_sight,
  measurement.created AS created,
  measurement.kind AS kind,
  measurement.n_particles AS particles,
  measurement.n_measured AS measured,
  measurement.n_flagged AS flagged,
  measurement.matching AS matching,
  measurement.pixel_size_um AS pixel_size_um,
  measurement.shape AS shape,
  measurement.offset_um AS offset_um,
  measurement.residual_shift_um AS residual_shift_um,
  measurement.params AS params,
  measurement.placement AS placement,
  measurement.content_sha256 AS content_sha256,
  measurement.key AS measurement,
  segmentation.key AS segmentation,
  sample.id AS sample,
  measurement.energies AS energies,
  measurement.element AS element,
  measurement.edge AS edge,
  measurement.agreement AS agreement,
  measurement.agreement_chance AS agreement_chance,
  measurement.agreement_particles AS agreement_particles,
  measurement.trusted_by AS trusted_by,
  measurement.energy_step_ev AS energy_step_ev,
  measurement.fill_ev AS fill_ev,
  measurement.n_fill AS n_fill,
  measurement.pinned_ev AS pinned_ev,
  measurement.n_pinned AS n_pinned,
  measurement.with_standard_errors AS with_standard_errors
ORDER BY sample, image, created, measurement
