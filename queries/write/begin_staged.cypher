// begin_staged: begin a segmentation; of two ingests that begin at once the second waits here.
// grain:   one row
// params:  $segmentation STRING
// columns: id STRING
// source:  the uniqueness constraint makes MERGE lock the key
MERGE (staged:StagedSegmentation {key: $segmentation})
RETURN elementId(staged) AS id
