// A row a contact, a column a property.
MATCH (a:Particle)-[contact:CONTACT]->(b:Particle)
RETURN a.key AS a, b.key AS b, contact.overlap_ab AS overlap_ab, contact.overlap_ba AS overlap_ba,
       contact.weight_px AS weight_px, contact.interface_um AS interface_um, contact.gap_px AS gap_px
