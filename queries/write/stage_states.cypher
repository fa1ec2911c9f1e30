// stage_states: write states of a measurement that is not complete yet, so nobody sees them.
// grain:   one row: how many were written
// params:  $measurement STRING, $segmentation STRING, $groups_written INTEGER, $label LIST<INTEGER>,
//          $soc_ev LIST<FLOAT>, $heterogeneity_ev LIST<FLOAT>, $polarization_ev LIST<FLOAT>,
//          $soc_se_ev LIST<FLOAT>, $heterogeneity_se_ev LIST<FLOAT>, $n_valid LIST<INTEGER>,
//          $dropped_fraction LIST<FLOAT>, $missing_fraction LIST<FLOAT>, $n_peaks LIST<INTEGER>,
//          $flagged LIST<BOOLEAN>, $reason LIST<STRING>, $dropped_below_fraction LIST<FLOAT>, $fit_noise_ev LIST<FLOAT>,
//          $heterogeneity_corrected_ev LIST<FLOAT>, $heterogeneity_corrected_low_ev LIST<FLOAT>,
//          $heterogeneity_corrected_high_ev LIST<FLOAT>, $soc_uncut_ev LIST<FLOAT>, $heterogeneity_uncut_ev LIST<FLOAT>,
//          $heterogeneity_uncut_se_ev LIST<FLOAT>, $uncut_reason LIST<STRING>
// columns: written INTEGER
// source:  columns as lists; the note how many groups are there is part of the same transaction. Until the last
//          group they are STAGED_STATE, so a question of one's own never counts half a measurement
MATCH (staged:StagedMeasurement {key: $measurement})
SET staged.groups_written = $groups_written, staged.touched = datetime()
WITH staged
UNWIND range(0, size($label) - 1) AS row
MATCH (nmc:Particle {key: $segmentation + ':' + toString($label[row])}) WHERE nmc:Active
CREATE (staged)-[:STAGED_STATE {
  soc_ev: $soc_ev[row],
  heterogeneity_ev: $heterogeneity_ev[row],
  polarization_ev: $polarization_ev[row],
  soc_se_ev: $soc_se_ev[row],
  heterogeneity_se_ev: $heterogeneity_se_ev[row],
  n_valid: $n_valid[row],
  dropped_fraction: $dropped_fraction[row],
  missing_fraction: $missing_fraction[row],
  n_peaks: $n_peaks[row],
  flagged: $flagged[row],
  reason: $reason[row],
  dropped_below_fraction: $dropped_below_fraction[row],
  fit_noise_ev: $fit_noise_ev[row],
  heterogeneity_corrected_ev: $heterogeneity_corrected_ev[row],
  heterogeneity_corrected_low_ev: $heterogeneity_corrected_low_ev[row],
  heterogeneity_corrected_high_ev: $heterogeneity_corrected_high_ev[row],
  soc_uncut_ev: $soc_uncut_ev[row],
  heterogeneity_uncut_ev: $heterogeneity_uncut_ev[row],
  heterogeneity_uncut_se_ev: $heterogeneity_uncut_se_ev[row],
  uncut_reason: $uncut_reason[row]
}]->(nmc)
RETURN count(*) AS written
