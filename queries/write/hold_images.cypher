// hold_images: take the images that are to be deleted; whoever writes to one of them waits for this transaction.
// grain:   one row per segmentation of them, also of those out of sight; one of null for an image without any
// params:  $sample STRING, $image STRING or null
// columns: image_key STRING, segmentation STRING or null
// source:  an image is meant by its name or by that of its volume; in one order, so never in a circle
MATCH (image:Image)-[:OF]->(:Sample {id: $sample})
WHERE $image IS NULL OR image.id = $image OR EXISTS { (image)-[:SLICE_OF]->(:Volume {id: $image}) }
WITH image ORDER BY image.key
SET image.id = image.id
WITH image
OPTIONAL MATCH (image)<-[:SEGMENTS]-(segmentation:Segmentation)
RETURN image.key AS image_key, segmentation.key AS segmentation
ORDER BY image_key, segmentation
