// export_targets: measured states of the NMC of some measurements by columns.
// grain:   one row per segmentation with one of the measurements; lists go together by place
// params:  $measurements LIST<STRING>
// columns: segmentation STRING, label LIST<INTEGER>, soc_ev LIST<FLOAT>, heterogeneity_ev LIST<FLOAT>,
//          polarization_ev LIST<FLOAT>, flagged LIST<BOOLEAN>
// source:  values are null where they could not be measured; one measurement of each segmentation
MATCH (segmentation:Segmentation)<-[:ON]-(measurement:Measurement)-[state:STATE]->(nmc)
WHERE measurement.key IN $measurements
WITH segmentation.key AS segmentation, collect(nmc.label) AS label, collect(state) AS states
RETURN
  segmentation,
  label,
  [state IN states | state.soc_ev] AS soc_ev,
  [state IN states | state.heterogeneity_ev] AS heterogeneity_ev,
  [state IN states | state.polarization_ev] AS polarization_ev,
  [state IN states | state.flagged] AS flagged
