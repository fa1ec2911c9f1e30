// begin_prediction: make the node of a prediction, or empty it of what an earlier run said.
// grain:   one row: how many values were removed
// params:  $prediction STRING, $segmentation STRING, $properties MAP
// columns: removed INTEGER
// source:  while its segmentation is held, in one transaction with the values; properties as in cathograph.schema.nodes
MATCH (segmentation:Segmentation {key: $segmentation})
MERGE (prediction:Prediction {key: $prediction})
SET prediction = $properties
SET prediction.key = $prediction, prediction.created = datetime()
MERGE (prediction)-[:ON]->(segmentation)
WITH prediction
CALL (prediction) {
  MATCH (prediction)-[old:PREDICTS]->()
  DELETE old
  RETURN count(*) AS removed
}
RETURN removed
