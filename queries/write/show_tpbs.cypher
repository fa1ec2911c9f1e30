// show_tpbs: bring the TPBs of a segmentation into sight.
// grain:   no row
// params:  $segmentation STRING
// columns: none
// source:  after show_particles, when particles carry their labels
MATCH (:Segmentation {key: $segmentation})<-[:IN]-(:Particle)<-[:MEETS {place: 1}]-(tpb:InactiveTPB)
REMOVE tpb:InactiveTPB
SET tpb:TPB
