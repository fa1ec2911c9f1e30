// transport: current and access resistances of each active particle.
// grain:   one row per active particle of an active segmentation; nulls where they are not computed yet
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, label INTEGER, phase STRING, current_share FLOAT or null, ionic_access_ohm FLOAT or null,
//          electronic_access_ohm FLOAT or null, limiting FLOAT or null, reached BOOLEAN or null, ndim INTEGER,
//          sample STRING
// source:  docs/transport.md. In 2D (ndim) a slice cuts paths that exist in 3D. Access resistances are null where no
//          current flows into the particle
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(particle:Active)
WITH sample, image, segmentation.ndim AS ndim, particle ORDER BY particle.label
WITH sample, image, ndim, collect(particle) AS members ORDER BY sample.id, image.id
UNWIND range(0, size(members) - 1, 2000) AS start
CALL (sample, image, ndim, members, start) {
  UNWIND members[start..start + 2000] AS particle
  RETURN collect({
    image: image.id,
    label: particle.label,
    phase: particle.phase,
    current_share: particle.current_share,
    ionic_access_ohm: particle.ionic_access_ohm,
    electronic_access_ohm: particle.electronic_access_ohm,
    limiting: particle.limiting,
    reached: particle.reached,
    ndim: ndim,
    sample: sample.id
  }) AS rows
}
RETURN rows
