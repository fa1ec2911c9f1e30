// place_in_beamtime: link an image to its beamtime; a beamtime given anew replaces the old one.
// grain:   no row
// params:  $image_key STRING, $beamtime STRING
// columns: none
// source:  only when a beamtime is given
MATCH (image:Image {key: $image_key})
MERGE (beamtime:Beamtime {id: $beamtime})
MERGE (image)-[:MEASURED_IN]->(beamtime)
WITH image, beamtime
MATCH (image)-[old:MEASURED_IN]->(other:Beamtime) WHERE other <> beamtime
DELETE old
