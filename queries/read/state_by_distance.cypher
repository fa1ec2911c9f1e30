// state_by_distance: edge energy inside active particles against the distance to junctions and contacts.
// grain:   one row per edge, sample, target and distance bin; sample null: all images together
// params:  $sample STRING or null, $image STRING or null, $edge STRING or null
// columns: sample STRING or null, edge STRING, target STRING, distance_from_um FLOAT, distance_to_um FLOAT,
//          clusters INTEGER, images INTEGER, particles INTEGER, relative_ev FLOAT, relative_low_ev FLOAT or null,
//          relative_high_ev FLOAT or null, at_equal_depth_ev FLOAT, at_equal_depth_low_ev FLOAT or null,
//          at_equal_depth_high_ev FLOAT or null
// source:  docs/inside.md; `cathograph measures --missing` computes them. target is junction, ionic or electronic.
//          relative_ev is the energy minus the mean of its particle, at_equal_depth_ev minus that of the particle at
//          the same depth. Particles that the border cuts are left out. Each other counts once in an image, each volume (else image) once in a mean: these are
//          the clusters. The 95 % interval is that of Student's t for their means, null below 5 of them. Its quantile
//          is the expansion of Abramowitz and Stegun, 26.7.5. The test is in the report and on the dashboard
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:ON]-(measurement:Measurement {key: segmentation.profiles_measurement, active: true})
WHERE ($edge IS NULL OR measurement.element + ' ' + measurement.edge = $edge)
OPTIONAL MATCH (image)-[:SLICE_OF]->(volume:Volume)
WITH sample, segmentation, measurement.element + ' ' + measurement.edge AS edge,
     coalesce(volume.key, image.key) AS cluster
UNWIND range(0, size(segmentation.state_bin_target) - 1) AS place
WITH sample, edge, cluster,
     segmentation.state_bin_target[place] AS target,
     segmentation.state_bin_from_um[place] AS distance_from_um,
     segmentation.state_bin_to_um[place] AS distance_to_um,
     segmentation.state_bin_particles[place] AS particles,
     segmentation.state_bin_ev[place] AS relative_ev,
     segmentation.state_bin_at_depth_ev[place] AS at_depth_ev
UNWIND [sample.id, null] AS sample_id
WITH sample_id, edge, target, distance_from_um, distance_to_um, cluster,
     count(*) AS images, sum(particles) AS particles,
     sum(particles * relative_ev) / sum(particles) AS relative_ev,
     sum(particles * at_depth_ev) / sum(particles) AS at_depth_ev
WITH sample_id, edge, target, distance_from_um, distance_to_um,
     count(*) AS clusters, sum(images) AS images, sum(particles) AS particles,
     avg(relative_ev) AS relative_ev, stdev(relative_ev) / sqrt(count(*)) AS relative_error,
     avg(at_depth_ev) AS at_depth_ev, stdev(at_depth_ev) / sqrt(count(*)) AS at_depth_error
WITH *, 1.959963984540054 AS z, CASE WHEN clusters >= 5 THEN clusters - 1.0 END AS df
WITH *, z + (z ^ 3 + z) / (4 * df) + (5 * z ^ 5 + 16 * z ^ 3 + 3 * z) / (96 * df ^ 2)
  + (3 * z ^ 7 + 19 * z ^ 5 + 17 * z ^ 3 - 15 * z) / (384 * df ^ 3)
  + (79 * z ^ 9 + 776 * z ^ 7 + 1482 * z ^ 5 - 1920 * z ^ 3 - 945 * z) / (92160 * df ^ 4) AS quantile
RETURN
  sample_id AS sample,
  edge,
  target,
  distance_from_um,
  distance_to_um,
  clusters,
  images,
  particles,
  relative_ev,
  relative_ev - quantile * relative_error AS relative_low_ev,
  relative_ev + quantile * relative_error AS relative_high_ev,
  at_depth_ev AS at_equal_depth_ev,
  at_depth_ev - quantile * at_depth_error AS at_equal_depth_low_ev,
  at_depth_ev + quantile * at_depth_error AS at_equal_depth_high_ev
ORDER BY edge, sample, target, distance_from_um
