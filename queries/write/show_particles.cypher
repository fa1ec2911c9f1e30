// show_particles: bring a segmentation and its particles into sight, each with its phase and its roles as labels.
// grain:   no row
// params:  $segmentation STRING
// columns: none
// source:  phases and roles are those of the segmentation's composite; the names were checked with it
MATCH (segmentation:Segmentation {key: $segmentation})
SET segmentation.active = true
WITH segmentation
MATCH (segmentation)<-[:IN]-(particle:InactiveParticle)
WITH particle,
    CASE WHEN particle.phase IN segmentation.active_phases THEN ['Active'] ELSE [] END +
    CASE WHEN particle.phase IN segmentation.ionic_phases THEN ['Ionic'] ELSE [] END +
    CASE WHEN particle.phase IN segmentation.electronic_phases THEN ['Electronic'] ELSE [] END +
    CASE WHEN particle.phase IN segmentation.gas_phases THEN ['Gas'] ELSE [] END +
    CASE WHEN particle.phase IN segmentation.inert_phases THEN ['Inert'] ELSE [] END AS roles
REMOVE particle:InactiveParticle
SET particle:Particle, particle:$(particle.phase), particle:$(roles)
