// place_image: link an image to its sample and note the cathode kind, where they are not so already.
// grain:   no row
// params:  $image_key STRING, $sample STRING, $cathode STRING or null
// columns: none
// source:  last in a transaction: many images share these nodes, and a lock on them holds others up
MATCH (image:Image {key: $image_key})
MERGE (sample:Sample {id: $sample})
MERGE (image)-[:OF]->(sample)
WITH sample
WHERE $cathode IS NOT NULL AND (sample.cathode IS NULL OR sample.cathode <> $cathode)
SET sample.cathode = $cathode
