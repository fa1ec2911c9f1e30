// find_measurement: how far the writing of a measurement has come.
// grain:   one row
// params:  $measurement STRING
// columns: groups_written INTEGER or null, fingerprint STRING or null, active BOOLEAN or null,
//          particles INTEGER or null, measured INTEGER or null, flagged INTEGER or null
// source:  staged: some groups of rows are there; finished: active is true or false
OPTIONAL MATCH (staged:StagedMeasurement {key: $measurement})
OPTIONAL MATCH (finished:Measurement {key: $measurement})
RETURN
  staged.groups_written AS groups_written,
  staged.fingerprint AS fingerprint,
  finished.active AS active,
  finished.n_particles AS particles,
  finished.n_measured AS measured,
  finished.n_flagged AS flagged
