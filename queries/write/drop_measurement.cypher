// drop_measurement: remove a begun measurement whose states are removed.
// grain:   no row
// params:  $measurement STRING
// columns: none
// source:  after discard_states
MATCH (staged:StagedMeasurement {key: $measurement})
DELETE staged
