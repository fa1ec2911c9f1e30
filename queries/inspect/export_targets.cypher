// export_targets: measured states of the NMC of some segmentations by columns.
// grain:   one row per segmentation with an active measurement; lists go together by place
// params:  $segmentations LIST<STRING>
// columns: segmentation STRING, label LIST<INTEGER>, soc_ev LIST<FLOAT>, heterogeneity_ev LIST<FLOAT>,
//          polarization_ev LIST<FLOAT>, flagged LIST<BOOLEAN>
// source:  values are null where they could not be measured
MATCH (segmentation:Segmentation)<-[:ON]-(:Measurement {active: true})-[state:STATE]->(nmc)
WHERE segmentation.key IN $segmentations
WITH segmentation.key AS segmentation, collect(nmc.label) AS label, collect(state) AS states
RETURN
  segmentation,
  label,
  [state IN states | state.soc_ev] AS soc_ev,
  [state IN states | state.heterogeneity_ev] AS heterogeneity_ev,
  [state IN states | state.polarization_ev] AS polarization_ev,
  [state IN states | state.flagged] AS flagged
