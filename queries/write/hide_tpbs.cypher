// hide_tpbs: take the TPBs of a segmentation out of sight.
// grain:   no row
// params:  $segmentation STRING
// columns: none
// source:  before hide_particles, while particles still carry their labels
MATCH (:Segmentation {key: $segmentation})<-[:IN]-(:Particle)<-[:MEETS {place: 1}]-(tpb:TPB)
REMOVE tpb:TPB
SET tpb:InactiveTPB
