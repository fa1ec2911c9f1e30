// image_of_segmentation: the image that a segmentation reads.
// grain:   one row, or none
// params:  $segmentation STRING
// columns: image_key STRING, image STRING
// source:  to activate a segmentation by its key
MATCH (:Segmentation {key: $segmentation})-[:SEGMENTS]->(image:Image)
RETURN image.key AS image_key, image.id AS image
