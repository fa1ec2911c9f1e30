// place_in_volume: link a slice to its volume, and the volume to its sample.
// grain:   no row
// params:  $image_key STRING, $sample STRING, $volume_key STRING, $volume STRING,
//          $slice_index INTEGER or null
// columns: none
// source:  only when the image is a slice
MATCH (image:Image {key: $image_key})
MATCH (sample:Sample {id: $sample})
MERGE (volume:Volume {key: $volume_key}) ON CREATE SET volume.id = $volume
MERGE (volume)-[:OF]->(sample)
MERGE (image)-[:SLICE_OF]->(volume)
WITH image
WHERE $slice_index IS NOT NULL AND (image.slice_index IS NULL OR image.slice_index <> $slice_index)
SET image.slice_index = $slice_index
