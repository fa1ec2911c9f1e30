// hold_image: make the image, or take it; another activation in the same image waits for this transaction.
// grain:   one row an active segmentation of it other than the given one, or one row of null
// params:  $image_key STRING, $image STRING, $segmentation STRING
// columns: other STRING or null
// source:  the SET takes the lock before the active segmentations are looked up
MERGE (image:Image {key: $image_key})
SET image.id = $image
WITH image
OPTIONAL MATCH (image)<-[:SEGMENTS]-(other:Segmentation {active: true}) WHERE other.key <> $segmentation
RETURN other.key AS other
