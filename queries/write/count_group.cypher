// count_group: note that one more group of rows is there; what a repeated ingest goes on from.
// grain:   one row
// params:  $segmentation STRING, $groups_written INTEGER, $fingerprint STRING
// columns: groups_written INTEGER
// source:  in the same transaction as the rows it counts
MATCH (staged:StagedSegmentation {key: $segmentation})
SET staged.groups_written = $groups_written, staged.fingerprint = $fingerprint
RETURN staged.groups_written AS groups_written
