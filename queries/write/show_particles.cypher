// show_particles: bring a segmentation and its particles into sight, each with its phase as a label.
// grain:   no row
// params:  $segmentation STRING
// columns: none
// source:  the phase names are those of cathograph.schema.phases, checked with the rows
MATCH (segmentation:Segmentation {key: $segmentation})
SET segmentation.active = true
WITH segmentation
MATCH (segmentation)<-[:IN]-(particle:InactiveParticle)
REMOVE particle:InactiveParticle
SET particle:Particle, particle:$(particle.phase)
