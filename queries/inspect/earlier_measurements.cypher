// earlier_measurements: how many energy maps an image has now, and with another segmentation.
// grain:   one row
// params:  $image_key STRING, $segmentation STRING
// columns: earlier INTEGER, own INTEGER
// source:  a state belongs to the particles of one segmentation; earlier counts on the active one, own on the other
OPTIONAL MATCH (:Image {key: $image_key})<-[:SEGMENTS]-(active:Segmentation {active: true})
WHERE active.key <> $segmentation
OPTIONAL MATCH (own:Segmentation {key: $segmentation})
RETURN
  COUNT { (active)<-[:ON]-(:Measurement) } AS earlier,
  COUNT { (own)<-[:ON]-(:Measurement) } AS own
