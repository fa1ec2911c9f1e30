// staged_particles: the database's own identifiers of the particles written so far, to link them by.
// grain:   one row: two lists of equal length
// params:  $segmentation STRING
// columns: labels LIST<INTEGER>, ids LIST<STRING>
// source:  valid while the nodes exist; never stored
MATCH (:StagedSegmentation {key: $segmentation})<-[:IN]-(particle:InactiveParticle)
RETURN collect(particle.label) AS labels, collect(elementId(particle)) AS ids
