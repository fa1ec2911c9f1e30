// particle_of_key: a particle of a segmentation, also of one that is out of sight.
// grain:   one row, or none
// params:  $segmentation STRING, $label INTEGER
// columns: key STRING, label INTEGER, phase STRING, area_px INTEGER, touches_border BOOLEAN
// source:  the particles of a segmentation are found through it: keys of hidden ones have no index
MATCH (:Segmentation {key: $segmentation})<-[:IN]-(particle {label: $label})
RETURN
  particle.key AS key,
  particle.label AS label,
  particle.phase AS phase,
  particle.area_px AS area_px,
  particle.touches_border AS touches_border
