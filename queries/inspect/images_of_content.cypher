// images_of_content: the other images whose active segmentation was made from the same pixels.
// grain:   one row per image
// params:  $content_sha256 STRING, $segmentation STRING
// columns: sample STRING, image STRING
// source:  a renamed file gives an image of its own, and its particles then count twice
MATCH (other:Segmentation {content_sha256: $content_sha256, active: true})-[:SEGMENTS]->(image:Image)-[:OF]->(sample:Sample)
MATCH (:Segmentation {key: $segmentation})-[:SEGMENTS]->(own:Image)
WHERE image <> own
RETURN sample.id AS sample, image.id AS image
ORDER BY sample, image
