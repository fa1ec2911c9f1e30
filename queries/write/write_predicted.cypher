// write_predicted: write what a model says of some NMC.
// grain:   one row: how many were written
// params:  $prediction STRING, $segmentation STRING, $label LIST<INTEGER>, $soc_ev LIST<FLOAT>,
//          $heterogeneity_ev LIST<FLOAT>, $polarization_ev LIST<FLOAT>, $soc_sd_ev LIST<FLOAT>,
//          $heterogeneity_sd_ev LIST<FLOAT>, $polarization_sd_ev LIST<FLOAT>
// columns: written INTEGER
// source:  columns as lists
MATCH (prediction:Prediction {key: $prediction})
UNWIND range(0, size($label) - 1) AS row
MATCH (nmc:Particle {key: $segmentation + ':' + toString($label[row])}) WHERE nmc:Active
CREATE (prediction)-[:PREDICTS {
  soc_ev: $soc_ev[row],
  heterogeneity_ev: $heterogeneity_ev[row],
  polarization_ev: $polarization_ev[row],
  soc_sd_ev: $soc_sd_ev[row],
  heterogeneity_sd_ev: $heterogeneity_sd_ev[row],
  polarization_sd_ev: $polarization_sd_ev[row]
}]->(nmc)
RETURN count(*) AS written
