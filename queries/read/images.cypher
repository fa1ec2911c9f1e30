// images: overview of the images: what is in them and how they were read.
// grain:   one row per image with an active segmentation
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, cathode STRING or null, beamtime STRING or null, volume STRING or null,
//          slice_index INTEGER or null, ndim INTEGER, shape LIST<INTEGER>, pixel_size_um FLOAT, radius_um FLOAT,
//          method STRING, version STRING, particles INTEGER, nmc INTEGER, sse INTEGER, graphite INTEGER,
//          contacts INTEGER, tpbs INTEGER, physical_tpbs INTEGER, channel_pairs INTEGER,
//          nmc_with_channels INTEGER, sample STRING, composite STRING, nmc_with_touching_channels INTEGER,
//          unlike_painted STRING or null, accuracy FLOAT or null, accuracy_low FLOAT or null,
//          accuracy_high FLOAT or null, same_pixels_as STRING or null
// source:  overview. Images that are unlike those their model was painted on come first. accuracy is that of a blind
//          spot check, with its 95 % interval. nmc, sse and graphite count the active, ionic and electronic
//          particles; a particle with two of these roles counts in both. same_pixels_as names another image made from
//          the same pixels, as a renamed file gives
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
OPTIONAL MATCH (image)-[:MEASURED_IN]->(beamtime:Beamtime)
OPTIONAL MATCH (image)-[:SLICE_OF]->(volume:Volume)
RETURN
  image.id AS image,
  sample.cathode AS cathode,
  beamtime.id AS beamtime,
  volume.id AS volume,
  image.slice_index AS slice_index,
  segmentation.ndim AS ndim,
  segmentation.shape AS shape,
  segmentation.pixel_size_um AS pixel_size_um,
  segmentation.radius_um AS radius_um,
  segmentation.method AS method,
  segmentation.version AS version,
  segmentation.n_particles AS particles,
  COUNT { (segmentation)<-[:IN]-(:Active) } AS nmc,
  COUNT { (segmentation)<-[:IN]-(:Ionic) } AS sse,
  COUNT { (segmentation)<-[:IN]-(:Electronic) } AS graphite,
  segmentation.n_contacts AS contacts,
  segmentation.n_tpbs AS tpbs,
  segmentation.n_physical_tpbs AS physical_tpbs,
  segmentation.n_channel_pairs AS channel_pairs,
  COUNT { (segmentation)<-[:IN]-(:Active {has_concurrent_channel: true}) } AS nmc_with_channels,
  sample.id AS sample,
  segmentation.composite AS composite,
  COUNT { (segmentation)<-[:IN]-(:Active {has_touching_channel: true}) } AS nmc_with_touching_channels,
  segmentation.unlike_painted AS unlike_painted,
  segmentation.spot_check_accuracy AS accuracy,
  segmentation.spot_check_accuracy_low AS accuracy_low,
  segmentation.spot_check_accuracy_high AS accuracy_high,
  head(COLLECT {
    MATCH (other:Segmentation {content_sha256: segmentation.content_sha256, active: true})
    MATCH (other)-[:SEGMENTS]->(same:Image)-[:OF]->(owner:Sample)
    WHERE same <> image
    RETURN owner.id + ' / ' + same.id AS name
    ORDER BY name
  }) AS same_pixels_as
ORDER BY unlike_painted IS NULL, sample, image
