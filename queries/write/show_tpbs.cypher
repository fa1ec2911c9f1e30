// show_tpbs: bring the TPBs of a segmentation into sight.
// grain:   no row
// params:  $segmentation STRING
// columns: none
// source:  after show_particles, when NMC carry their label
MATCH (:Segmentation {key: $segmentation})<-[:IN]-(:NMC)<-[:MEETS]-(tpb:InactiveTPB)
REMOVE tpb:InactiveTPB
SET tpb:TPB
