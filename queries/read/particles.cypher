// particles: every particle with its size, place, shape and channel flags.
// grain:   one row per particle of an active segmentation
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, label INTEGER, phase STRING, area_px INTEGER, area_um2 FLOAT or null,
//          centroid_y FLOAT, centroid_x FLOAT, touches_border BOOLEAN, volume_um3 FLOAT or null,
//          centroid_z FLOAT or null, perimeter_um FLOAT or null, surface_um2 FLOAT or null,
//          equivalent_diameter_um FLOAT, convexity FLOAT, has_concurrent_channel BOOLEAN or null,
//          concurrent_partners INTEGER or null, local_channel_partners INTEGER or null, sample STRING
// source:  regions of the label image; areas, perimeters in 2D, volumes, surfaces in 3D
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(particle:Particle)
RETURN
  image.id AS image,
  particle.label AS label,
  particle.phase AS phase,
  particle.area_px AS area_px,
  particle.area_um2 AS area_um2,
  particle.centroid_y AS centroid_y,
  particle.centroid_x AS centroid_x,
  particle.touches_border AS touches_border,
  particle.volume_um3 AS volume_um3,
  particle.centroid_z AS centroid_z,
  particle.perimeter_um AS perimeter_um,
  particle.surface_um2 AS surface_um2,
  particle.equivalent_diameter_um AS equivalent_diameter_um,
  particle.convexity AS convexity,
  particle.has_concurrent_channel AS has_concurrent_channel,
  particle.concurrent_partners AS concurrent_partners,
  particle.local_channel_partners AS local_channel_partners,
  sample.id AS sample
ORDER BY sample, image, label
