// hold_staged: go on with a segmentation that was begun; another ingest of it waits until this transaction ends.
// grain:   one row, or none when the node is gone
// params:  $id STRING, $segmentation STRING
// columns: held STRING
// source:  setting the key to what it is takes the node's lock and leaves no trace, also where the node has
//          become a finished segmentation meanwhile. By identifier, because looking it up by key would hold a
//          lock on the key while waiting for the node, and whoever finishes needs both: a deadlock
MATCH (staged)
WHERE elementId(staged) = $id
SET staged.key = $segmentation
RETURN elementId(staged) AS held
