// run_of_id: a run of the ingest, or a job of the service, and what came of it.
// grain:   one row, or none
// params:  $id STRING
// columns: properties MAP, wrote LIST<STRING>
// source:  of a job: the segmentations of its image that were made of the same bytes
MATCH (run:IngestRun {id: $id})
RETURN
  properties(run) AS properties,
  COLLECT { MATCH (run)-[:WROTE]->(thing) RETURN thing.key ORDER BY thing.key }
  + COLLECT {
    MATCH (:Sample {id: run.sample})<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation)
    WHERE (image.id = run.image OR EXISTS { (image)-[:SLICE_OF]->(:Volume {id: run.image}) })
      AND EXISTS { (segmentation)<-[:WROTE]-(:IngestRun {file_sha256: run.file_sha256}) }
    RETURN segmentation.key ORDER BY segmentation.key
  } AS wrote
