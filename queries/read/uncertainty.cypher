// uncertainty: how sure the segmentation of each image is: medians and 90 % intervals of what is read off it.
// grain:   one row per image that was ingested with --uncertainty
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, passes INTEGER, calibrated BOOLEAN, particles INTEGER, particles_median FLOAT,
//          particles_low FLOAT, particles_high FLOAT, tpbs INTEGER, tpbs_median FLOAT, tpbs_low FLOAT,
//          tpbs_high FLOAT, channel_share FLOAT or null, channel_share_median FLOAT or null,
//          channel_share_low FLOAT or null, channel_share_high FLOAT or null, mean_confidence FLOAT or null,
//          sample STRING, touching_channel_share FLOAT or null
// source:  ours: dropout passes, corrected by split-conformal where calibrated; docs/segmentation.md. The
//          share with touching channels has no interval
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE segmentation.uncertainty_passes IS NOT NULL
  AND ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
CALL (segmentation) {
  MATCH (segmentation)<-[:IN]-(particle:Particle)
  RETURN
    avg(particle.confidence) AS mean_confidence,
    avg(CASE particle.has_concurrent_channel WHEN true THEN 1.0 WHEN false THEN 0.0 END) AS channel_share,
    avg(CASE particle.has_touching_channel WHEN true THEN 1.0 WHEN false THEN 0.0 END) AS touching_channel_share
}
RETURN
  image.id AS image,
  segmentation.uncertainty_passes AS passes,
  segmentation.uncertainty_calibrated AS calibrated,
  segmentation.n_particles AS particles,
  segmentation.particles_median AS particles_median,
  segmentation.particles_low AS particles_low,
  segmentation.particles_high AS particles_high,
  segmentation.n_tpbs AS tpbs,
  segmentation.tpbs_median AS tpbs_median,
  segmentation.tpbs_low AS tpbs_low,
  segmentation.tpbs_high AS tpbs_high,
  channel_share,
  segmentation.channel_share_median AS channel_share_median,
  segmentation.channel_share_low AS channel_share_low,
  segmentation.channel_share_high AS channel_share_high,
  mean_confidence,
  sample.id AS sample,
  touching_channel_share
ORDER BY sample, image
