// bottlenecks: carrier particles without which active particles lose every path to their side of the image.
// grain:   one row per particle that cuts off at least one active particle, most first within its image
// params:  $sample STRING or null, $image STRING or null,
//          $side STRING or null one of top|bottom|left|right|front|back
// columns: image STRING, label INTEGER, phase STRING, carrier STRING, side STRING, cuts_off INTEGER,
//          joined INTEGER, share FLOAT, centroid_y FLOAT, centroid_x FLOAT, centroid_z FLOAT or null,
//          sample STRING
// source:  articulation points (docs/network.md). Ionic particles to $side (null: the composite's
//          ion side), electronic ones to the opposite side; joined: active particles with a path there now, share:
//          cuts_off / joined. Images without (all) metrics have no row
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
  AND segmentation.metrics_version IS NOT NULL
WITH sample, image, segmentation, coalesce($side, segmentation.ion_side) AS ionic_side,
     ['top', 'bottom', 'left', 'right', 'front', 'back'] AS sides
WITH sample, image, segmentation, ionic_side, sides, {
  top: 'bottom', bottom: 'top', left: 'right', right: 'left', front: 'back', back: 'front'
}[ionic_side] AS electronic_side
WHERE electronic_side IS NOT NULL AND (segmentation.ndim = 3 OR NOT ionic_side IN ['front', 'back'])
CALL (segmentation, ionic_side, electronic_side) {
  MATCH (segmentation)<-[:IN]-(nmc:Active)
  RETURN count(CASE WHEN ionic_side IN nmc.ionic_sides THEN 1 END) AS by_ions,
         count(CASE WHEN electronic_side IN nmc.electronic_sides THEN 1 END) AS by_electrons
}
MATCH (segmentation)<-[:IN]-(particle:Particle)
WHERE particle.cuts_off IS NOT NULL
WITH sample, image, particle, sides,
     CASE WHEN particle:Ionic THEN ionic_side ELSE electronic_side END AS side,
     CASE WHEN particle:Ionic THEN by_ions ELSE by_electrons END AS joined,
     CASE WHEN particle:Ionic THEN 'ions' ELSE 'electrons' END AS carrier
UNWIND range(0, size(particle.cuts_off) - 1) AS place
WITH sample, image, particle, side, joined, carrier, particle.cuts_off[place] AS cuts_off
WHERE sides[place] = side AND cuts_off > 0
RETURN
  image.id AS image,
  particle.label AS label,
  particle.phase AS phase,
  carrier,
  side,
  cuts_off,
  joined,
  toFloat(cuts_off) / joined AS share,
  particle.centroid_y AS centroid_y,
  particle.centroid_x AS centroid_x,
  particle.centroid_z AS centroid_z,
  sample.id AS sample
ORDER BY sample, image, cuts_off DESC, label
