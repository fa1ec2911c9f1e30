// find_segmentation: how far the writing of a segmentation has come.
// grain:   one row
// params:  $segmentation STRING
// columns: id STRING or null, groups_written INTEGER or null, fingerprint STRING or null, active BOOLEAN or null,
//          particles INTEGER or null, contacts INTEGER or null, tpbs INTEGER or null,
//          physical_tpbs INTEGER or null, channel_pairs INTEGER or null
// source:  staged: some groups of rows are there; finished: active is true or false
OPTIONAL MATCH (staged:StagedSegmentation {key: $segmentation})
OPTIONAL MATCH (finished:Segmentation {key: $segmentation})
RETURN
  elementId(staged) AS id,
  staged.groups_written AS groups_written,
  staged.fingerprint AS fingerprint,
  finished.active AS active,
  finished.n_particles AS particles,
  finished.n_contacts AS contacts,
  finished.n_tpbs AS tpbs,
  finished.n_physical_tpbs AS physical_tpbs,
  finished.n_channel_pairs AS channel_pairs
