// particles: every particle with its size, place, shape and channel flags.
// grain:   one row per particle of an active segmentation
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, label INTEGER, phase STRING, area_px INTEGER, area_um2 FLOAT or null,
//          centroid_y FLOAT, centroid_x FLOAT, touches_border BOOLEAN, volume_um3 FLOAT or null,
//          centroid_z FLOAT or null, perimeter_um FLOAT or null, surface_um2 FLOAT or null,
//          equivalent_diameter_um FLOAT, convexity FLOAT, has_concurrent_channel BOOLEAN or null,
//          concurrent_partners INTEGER or null, local_channel_partners INTEGER or null,
//          confidence FLOAT or null, sample STRING, has_touching_channel BOOLEAN or null,
//          touching_partners INTEGER or null
// source:  regions of the label image; areas, perimeters in 2D, volumes, surfaces in 3D
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
    area_px: particle.area_px,
    area_um2: particle.area_um2,
    centroid_y: particle.centroid_y,
    centroid_x: particle.centroid_x,
    touches_border: particle.touches_border,
    volume_um3: particle.volume_um3,
    centroid_z: particle.centroid_z,
    perimeter_um: particle.perimeter_um,
    surface_um2: particle.surface_um2,
    equivalent_diameter_um: particle.equivalent_diameter_um,
    convexity: particle.convexity,
    has_concurrent_channel: particle.has_concurrent_channel,
    concurrent_partners: particle.concurrent_partners,
    local_channel_partners: particle.local_channel_partners,
    confidence: particle.confidence,
    sample: sample.id,
    has_touching_channel: particle.has_touching_channel,
    touching_partners: particle.touching_partners
  }) AS rows
}
RETURN rows
