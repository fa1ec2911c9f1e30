// active_segmentation: how the active segmentation of an image came about, to make its label image again.
// grain:   one row, or none when the image is not there
// params:  $sample STRING, $image STRING
// columns: segmentation STRING, content_sha256 STRING, source STRING, method STRING, params STRING,
//          pixel_size_um FLOAT, slice_index INTEGER or null, nmc INTEGER,
//          composite STRING
// source:  the store holds no pixels
MATCH (:Sample {id: $sample})<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE image.id = $image
RETURN
  segmentation.key AS segmentation,
  segmentation.content_sha256 AS content_sha256,
  segmentation.source AS source,
  segmentation.method AS method,
  segmentation.params AS params,
  segmentation.pixel_size_um AS pixel_size_um,
  image.slice_index AS slice_index,
  COUNT { (segmentation)<-[:IN]-(:Active) } AS nmc,
  segmentation.composite_definition AS composite
