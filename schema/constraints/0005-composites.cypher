// Segmentations of earlier versions are of the default composite: they get its name and what the queries need of it,
// particles get the labels of their roles, and the three particles of a TPB their places. Statements may be applied
// again: each changes only what is not done yet, in batches, so that an interrupted run goes on where it stopped.
MATCH (segmentation:Segmentation) WHERE segmentation.composite IS NULL
SET segmentation.composite = 'ssb-cathode',
    segmentation.composite_sha256 = '33a6d0fb7ce9c82e182b277fda156f41ffe0cc9a2c4365340a84347bbd51a0c5',
    segmentation.composite_definition = '{"channel":["ionic","electronic"],"ion_side":"top","meaning":"Cathode of a solid-state battery (NMC, solid electrolyte, graphite)","name":"ssb-cathode","phases":[{"code":1,"colour":"#56b4e9","name":"SSE","roles":["ionic"]},{"code":2,"colour":"#e69f00","name":"NMC","roles":["active"]},{"code":3,"colour":"#4d4d4d","name":"Graphite","roles":["electronic"]}],"tpb":["active","ionic","electronic"]}',
    segmentation.active_phases = ['NMC'], segmentation.ionic_phases = ['SSE'],
    segmentation.electronic_phases = ['Graphite'], segmentation.gas_phases = [], segmentation.inert_phases = [],
    segmentation.first_carrier_phases = ['SSE'], segmentation.second_carrier_phases = ['Graphite'],
    segmentation.ion_side = 'top';
MATCH (particle:NMC) WHERE NOT particle:Active
CALL (particle) { SET particle:Active } IN TRANSACTIONS OF 10000 ROWS;
MATCH (particle:SSE) WHERE NOT particle:Ionic
CALL (particle) { SET particle:Ionic } IN TRANSACTIONS OF 10000 ROWS;
MATCH (particle:Graphite) WHERE NOT particle:Electronic
CALL (particle) { SET particle:Electronic } IN TRANSACTIONS OF 10000 ROWS;
MATCH (:TPB|InactiveTPB)-[meets:MEETS]->(particle) WHERE meets.place IS NULL
CALL (meets, particle) {
  SET meets.place = CASE particle.phase WHEN 'NMC' THEN 1 WHEN 'SSE' THEN 2 ELSE 3 END
} IN TRANSACTIONS OF 10000 ROWS;
