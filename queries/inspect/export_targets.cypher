// export_targets: measured states of the NMC of some measurements by columns.
// grain:   one row per segmentation with one of the measurements; lists go together by place
// params:  $measurements LIST<STRING>, $with_flagged BOOLEAN
// columns: segmentation STRING, label LIST<INTEGER>, soc_ev LIST<FLOAT>, heterogeneity_ev LIST<FLOAT>,
//          polarization_ev LIST<FLOAT>, flagged LIST<BOOLEAN>
// source:  values are null where they could not be measured, and where the state is flagged, unless $with_flagged; one
//          measurement of each segmentation
MATCH (segmentation:Segmentation)<-[:ON]-(measurement:Measurement)-[state:STATE]->(nmc)
WHERE measurement.key IN $measurements
WITH segmentation.key AS segmentation, nmc.label AS label, state.flagged AS flagged,
     CASE WHEN $with_flagged OR NOT state.flagged THEN properties(state) ELSE {} END AS value
WITH segmentation, collect(label) AS label, collect(flagged) AS flagged, collect(value) AS values
RETURN
  segmentation,
  label,
  [value IN values | value.soc_ev] AS soc_ev,
  [value IN values | value.heterogeneity_ev] AS heterogeneity_ev,
  [value IN values | value.polarization_ev] AS polarization_ev,
  flagged
