// note_prediction_run: note who predicted with which model file, when, and what became of it.
// grain:   one row
// params:  $prediction STRING, $id STRING, $state STRING, $started DATETIME, $user STRING, $host STRING,
//          $code_version STRING, $file_name STRING, $file_sha256 STRING,
//          $file_path STRING or null, $dataset STRING or null, $grey_path STRING or null,
//          $grey_sha256 STRING or null
// columns: state STRING
// source:  a run that is there already, because its commit was not confirmed, keeps its state
MATCH (prediction:Prediction {key: $prediction})
MERGE (run:IngestRun {id: $id})
ON CREATE SET
  run.state = $state,
  run.started = $started,
  run.finished = datetime(),
  run.user = $user,
  run.host = $host,
  run.code_version = $code_version,
  run.file_name = $file_name,
  run.file_sha256 = $file_sha256,
  run.file_path = $file_path,
  run.dataset = $dataset,
  run.grey_path = $grey_path,
  run.grey_sha256 = $grey_sha256
MERGE (run)-[:WROTE]->(prediction)
RETURN run.state AS state
