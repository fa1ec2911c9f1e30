// runs_of_image: every run that wrote a segmentation of an image, with the file that it read.
// grain:   one row per run and segmentation, the newest first
// params:  $image_key STRING
// columns: active BOOLEAN, file_path STRING or null, file_name STRING, file_sha256 STRING, dataset STRING or null,
//          params STRING
// source:  tells whether the file of another field is about to take the place of this image
MATCH (:Image {key: $image_key})<-[:SEGMENTS]-(segmentation:Segmentation)<-[:WROTE]-(run:IngestRun)
RETURN
  coalesce(segmentation.active, false) AS active,
  run.file_path AS file_path,
  run.file_name AS file_name,
  run.file_sha256 AS file_sha256,
  run.dataset AS dataset,
  segmentation.params AS params
ORDER BY run.started DESC, run.id
