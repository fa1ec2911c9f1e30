// discard_staged: remove some particles, with their TPBs, of a segmentation that was begun and not finished.
// grain:   one row: how many particles were removed
// params:  $segmentation STRING, $at_most INTEGER
// columns: removed INTEGER
// source:  in portions, so that no transaction grows with the image
MATCH (staged:StagedSegmentation {key: $segmentation})<-[:IN]-(particle:InactiveParticle)
WITH particle LIMIT $at_most
OPTIONAL MATCH (particle)<-[:MEETS]-(tpb:InactiveTPB)
WITH collect(DISTINCT particle) AS particles, collect(DISTINCT tpb) AS tpbs
FOREACH (tpb IN tpbs | DETACH DELETE tpb)
FOREACH (particle IN particles | DETACH DELETE particle)
RETURN size(particles) AS removed
