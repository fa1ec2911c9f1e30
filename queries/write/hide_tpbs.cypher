// hide_tpbs: take the TPBs of a segmentation out of sight.
// grain:   no row
// params:  $segmentation STRING
// columns: none
// source:  before hide_particles, while NMC still carry their label
MATCH (:Segmentation {key: $segmentation})<-[:IN]-(:NMC)<-[:MEETS]-(tpb:TPB)
REMOVE tpb:TPB
SET tpb:InactiveTPB
