// profiles: edge energies inside each active particle, by depth and by distance to junctions and contacts.
// grain:   one row per active particle whose image has an energy map and the measures profiles
// params:  $sample STRING or null, $image STRING or null, $edge STRING or null
// columns: image STRING, label INTEGER, phase STRING, profile_pixels INTEGER or null, independent_pixels FLOAT or null,
//          shell_1_ev FLOAT or null, shell_2_ev FLOAT or null, shell_3_ev FLOAT or null, shell_4_ev FLOAT or null,
//          shell_5_ev FLOAT or null, core_minus_shell_ev FLOAT or null, core_minus_shell_low_ev FLOAT or null,
//          core_minus_shell_high_ev FLOAT or null, gradient_ev_per_um FLOAT or null,
//          gradient_z_ev_per_um FLOAT or null, gradient_y_ev_per_um FLOAT or null, gradient_x_ev_per_um FLOAT or null,
//          junction_slope_ev_per_um FLOAT or null, junction_slope_low_ev_per_um FLOAT or null,
//          junction_slope_high_ev_per_um FLOAT or null, ionic_slope_ev_per_um FLOAT or null,
//          ionic_slope_low_ev_per_um FLOAT or null, ionic_slope_high_ev_per_um FLOAT or null,
//          electronic_slope_ev_per_um FLOAT or null, electronic_slope_low_ev_per_um FLOAT or null,
//          electronic_slope_high_ev_per_um FLOAT or null, flagged BOOLEAN, touches_border BOOLEAN, edge STRING,
//          resolution_um FLOAT, rim_um FLOAT, volume STRING or null, ndim INTEGER, sample STRING
// source:  docs/inside.md; `cathograph measures --missing` computes them. Shell 1 is the outermost. Slopes are at equal
//          depth, positive where energies rise away from the junction or contact. Intervals hold the noise of the
//          map alone. No row where the map was replaced since. A 2D image shows distances in its plane
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:ON]-(measurement:Measurement {key: segmentation.profiles_measurement, active: true})
WHERE ($edge IS NULL OR measurement.element + ' ' + measurement.edge = $edge)
OPTIONAL MATCH (image)-[:SLICE_OF]->(volume:Volume)
MATCH (measurement)-[state:STATE]->(particle:Active)
WITH sample, image, segmentation, measurement, volume, state, particle ORDER BY sample.id, image.id, particle.label
RETURN collect({
  image: image.id,
  label: particle.label,
  phase: particle.phase,
  profile_pixels: particle.profile_pixels,
  independent_pixels: particle.independent_pixels,
  shell_1_ev: particle.shell_1_ev,
  shell_2_ev: particle.shell_2_ev,
  shell_3_ev: particle.shell_3_ev,
  shell_4_ev: particle.shell_4_ev,
  shell_5_ev: particle.shell_5_ev,
  core_minus_shell_ev: particle.core_minus_shell_ev,
  core_minus_shell_low_ev: particle.core_minus_shell_low_ev,
  core_minus_shell_high_ev: particle.core_minus_shell_high_ev,
  gradient_ev_per_um: particle.gradient_ev_per_um,
  gradient_z_ev_per_um: particle.gradient_z_ev_per_um,
  gradient_y_ev_per_um: particle.gradient_y_ev_per_um,
  gradient_x_ev_per_um: particle.gradient_x_ev_per_um,
  junction_slope_ev_per_um: particle.junction_slope_ev_per_um,
  junction_slope_low_ev_per_um: particle.junction_slope_low_ev_per_um,
  junction_slope_high_ev_per_um: particle.junction_slope_high_ev_per_um,
  ionic_slope_ev_per_um: particle.ionic_slope_ev_per_um,
  ionic_slope_low_ev_per_um: particle.ionic_slope_low_ev_per_um,
  ionic_slope_high_ev_per_um: particle.ionic_slope_high_ev_per_um,
  electronic_slope_ev_per_um: particle.electronic_slope_ev_per_um,
  electronic_slope_low_ev_per_um: particle.electronic_slope_low_ev_per_um,
  electronic_slope_high_ev_per_um: particle.electronic_slope_high_ev_per_um,
  flagged: state.flagged,
  touches_border: particle.touches_border,
  edge: measurement.element + ' ' + measurement.edge,
  resolution_um: segmentation.profiles_resolution_um,
  rim_um: segmentation.profiles_rim_um,
  volume: volume.id,
  ndim: segmentation.ndim,
  sample: sample.id
}) AS rows
