// composites: the composites of the images: their phases, roles and colours.
// grain:   one row per composite, as it was stored
// params:  $sample STRING or null, $image STRING or null
// columns: composite STRING, sha256 STRING, definition STRING, images INTEGER
// source:  ours; definition is JSON with name, code, colour and roles of each phase, the triple of a TPB, the pair of
//          carriers of a channel, and the side of the ions
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
RETURN
  segmentation.composite AS composite,
  segmentation.composite_sha256 AS sha256,
  segmentation.composite_definition AS definition,
  count(*) AS images
ORDER BY composite, sha256, definition
