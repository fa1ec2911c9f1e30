// discard_states: remove states of a measurement that was begun and not finished, some at a time.
// grain:   one row: how many were removed
// params:  $measurement STRING, $at_most INTEGER
// columns: removed INTEGER
// source:  the rows of another version of the code are not mixed with ours
MATCH (:StagedMeasurement {key: $measurement})-[state:STAGED_STATE]->()
WITH state LIMIT $at_most
DELETE state
RETURN count(*) AS removed
