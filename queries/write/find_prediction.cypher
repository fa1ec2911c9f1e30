// find_prediction: what a model has said of a segmentation already.
// grain:   one row, or none when it has said nothing yet
// params:  $prediction STRING
// columns: content_sha256 STRING
// source:  equal values need not be written again
MATCH (prediction:Prediction {key: $prediction})
RETURN prediction.content_sha256 AS content_sha256
