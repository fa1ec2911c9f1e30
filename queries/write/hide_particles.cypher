// hide_particles: take a segmentation and its particles out of sight; they stay, with phase as a property.
// grain:   no row
// params:  $segmentation STRING
// columns: none
// source:  so that MATCH (n:NMC) never counts a particle twice
MATCH (segmentation:Segmentation {key: $segmentation})
SET segmentation.active = false
WITH segmentation
MATCH (segmentation)<-[:IN]-(particle:Particle)
REMOVE particle:Particle:Active:Ionic:Electronic:Gas:Inert, particle:$(particle.phase)
SET particle:InactiveParticle
