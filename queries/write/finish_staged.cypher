// finish_staged: turn a segmentation whose rows are all there into one that counts.
// grain:   one row
// params:  $segmentation STRING, $image_key STRING, $properties MAP
// columns: finished STRING
// source:  properties as declared in cathograph.schema.nodes
MATCH (segmentation:StagedSegmentation {key: $segmentation})
MATCH (image:Image {key: $image_key})
REMOVE segmentation:StagedSegmentation
SET segmentation = $properties
SET segmentation:Segmentation, segmentation.key = $segmentation, segmentation.active = true,
    segmentation.created = datetime()
CREATE (segmentation)-[:SEGMENTS]->(image)
RETURN segmentation.key AS finished
