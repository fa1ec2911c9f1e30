// Active particles of earlier versions get their touching channels from the contacts, those of hidden segmentations too,
// because they may become active again. The statement may be applied again: it changes only particles without a count,
// in batches, so that an interrupted run goes on where it stopped.
MATCH (segmentation:Segmentation)<-[:IN]-(particle:Particle|InactiveParticle)
WHERE particle.touching_partners IS NULL AND particle.phase IN segmentation.active_phases
CALL (segmentation, particle) {
  WITH segmentation, particle, COUNT {
    MATCH (particle)-[:CONTACT {gap_px: 1}]-(other:Particle|InactiveParticle)
    WHERE other.phase IN segmentation.active_phases AND EXISTS {
      MATCH (particle)-[:CONTACT]-(ionic:Particle|InactiveParticle)-[:CONTACT]-(other)
      WHERE ionic.phase IN segmentation.ionic_phases
    }
  } AS partners
  SET particle.touching_partners = partners, particle.has_touching_channel = partners > 0
} IN TRANSACTIONS OF 2000 ROWS;
