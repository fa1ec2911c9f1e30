// stage_particles: write particles of a segmentation that is not complete yet, so nobody sees them.
// grain:   one row: how many were written
// params:  $segmentation STRING, $label LIST<INTEGER>, $phase LIST<STRING>, $area_px LIST<INTEGER>,
//          $area_um2 LIST<FLOAT>, $volume_um3 LIST<FLOAT>, $centroid_z LIST<FLOAT>, $centroid_y LIST<FLOAT>,
//          $centroid_x LIST<FLOAT>, $bbox LIST<LIST<INTEGER>>, $perimeter_um LIST<FLOAT>,
//          $surface_um2 LIST<FLOAT>, $equivalent_diameter_um LIST<FLOAT>, $convexity LIST<FLOAT>,
//          $touches_border LIST<BOOLEAN>, $has_concurrent_channel LIST<BOOLEAN>,
//          $concurrent_partners LIST<INTEGER>, $local_channel_partners LIST<INTEGER>,
//          $has_touching_channel LIST<BOOLEAN>, $touching_partners LIST<INTEGER>, $confidence LIST<FLOAT>
// columns: written INTEGER
// source:  columns as lists: 1.2 to 1.3 times faster than a map a row
MATCH (segmentation:StagedSegmentation {key: $segmentation})
UNWIND range(0, size($label) - 1) AS row
CREATE (segmentation)<-[:IN]-(:InactiveParticle {
  key: $segmentation + ':' + toString($label[row]),
  label: $label[row],
  phase: $phase[row],
  area_px: $area_px[row],
  area_um2: $area_um2[row],
  volume_um3: $volume_um3[row],
  centroid_z: $centroid_z[row],
  centroid_y: $centroid_y[row],
  centroid_x: $centroid_x[row],
  bbox: $bbox[row],
  perimeter_um: $perimeter_um[row],
  surface_um2: $surface_um2[row],
  equivalent_diameter_um: $equivalent_diameter_um[row],
  convexity: $convexity[row],
  touches_border: $touches_border[row],
  has_concurrent_channel: $has_concurrent_channel[row],
  concurrent_partners: $concurrent_partners[row],
  local_channel_partners: $local_channel_partners[row],
  has_touching_channel: $has_touching_channel[row],
  touching_partners: $touching_partners[row],
  confidence: $confidence[row]
})
RETURN count(*) AS written
