// drop_images: remove images whose segmentations are withdrawn, and what is left empty by that.
// grain:   one row: what was removed besides
// params:  $sample STRING, $image_keys LIST<STRING>
// columns: images INTEGER, sample_is_gone BOOLEAN
// source:  a volume without slices, a beamtime and a sample without images go too
MATCH (image:Image)
WHERE image.key IN $image_keys
OPTIONAL MATCH (image)-[:SLICE_OF]->(volume:Volume)
OPTIONAL MATCH (image)-[:MEASURED_IN]->(beamtime:Beamtime)
WITH collect(DISTINCT image) AS images, collect(DISTINCT volume) AS volumes, collect(DISTINCT beamtime) AS beamtimes
FOREACH (image IN images | DETACH DELETE image)
WITH size(images) AS images, volumes, beamtimes
CALL (volumes) {
  UNWIND volumes AS volume
  WITH volume WHERE NOT EXISTS { (volume)<-[:SLICE_OF]-() }
  DETACH DELETE volume
}
CALL (beamtimes) {
  UNWIND beamtimes AS beamtime
  WITH beamtime WHERE NOT EXISTS { (beamtime)<-[:MEASURED_IN]-() }
  DELETE beamtime
}
CALL () {
  MATCH (sample:Sample {id: $sample})
  WHERE NOT EXISTS { (sample)<-[:OF]-(:Image) }
  DETACH DELETE sample
  RETURN count(*) AS gone
}
RETURN images, gone > 0 AS sample_is_gone
