// samples: overview of the samples: what was found in all of their images.
// grain:   one row per sample with an image that has an active segmentation
// params:  $sample STRING or null, $image STRING or null
// columns: sample STRING, cathode STRING or null, images INTEGER, particles INTEGER, contacts INTEGER,
//          tpbs INTEGER, physical_tpbs INTEGER, nmc INTEGER, nmc_with_channels INTEGER,
//          share_with_channels FLOAT or null, pixel_size_um_min FLOAT, pixel_size_um_max FLOAT,
//          composites LIST<STRING>, nmc_with_touching_channels INTEGER, share_with_touching_channels FLOAT or null
// source:  overview. nmc counts the active particles
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
WITH sample, segmentation,
     COUNT { (segmentation)<-[:IN]-(:Active) } AS nmc,
     COUNT { (segmentation)<-[:IN]-(:Active {has_concurrent_channel: true}) } AS with_channels,
     COUNT { (segmentation)<-[:IN]-(:Active {has_touching_channel: true}) } AS with_touching
WITH sample, count(segmentation) AS images, sum(segmentation.n_particles) AS particles,
     sum(segmentation.n_contacts) AS contacts, sum(segmentation.n_tpbs) AS tpbs,
     sum(segmentation.n_physical_tpbs) AS physical_tpbs, sum(nmc) AS nmc, sum(with_channels) AS nmc_with_channels,
     sum(with_touching) AS nmc_with_touching_channels,
     min(segmentation.pixel_size_um) AS pixel_size_um_min, max(segmentation.pixel_size_um) AS pixel_size_um_max,
     collect(DISTINCT segmentation.composite) AS composites
RETURN
  sample.id AS sample,
  sample.cathode AS cathode,
  images,
  particles,
  contacts,
  tpbs,
  physical_tpbs,
  nmc,
  nmc_with_channels,
  CASE WHEN nmc > 0 THEN toFloat(nmc_with_channels) / nmc END AS share_with_channels,
  pixel_size_um_min,
  pixel_size_um_max,
  composites,
  nmc_with_touching_channels,
  CASE WHEN nmc > 0 THEN toFloat(nmc_with_touching_channels) / nmc END AS share_with_touching_channels
ORDER BY sample
