// hold_staged: begin or go on with a segmentation; another ingest of it waits until this transaction ends.
// grain:   one row
// params:  $segmentation STRING, $run STRING
// columns: held STRING
// source:  the SET takes the lock, also where the node was there before
MERGE (staged:StagedSegmentation {key: $segmentation})
SET staged.held_by = $run
RETURN staged.key AS held
