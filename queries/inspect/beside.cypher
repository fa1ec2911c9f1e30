// beside: the measurements and predictions on a segmentation.
// grain:   one row each
// params:  $segmentation STRING
// columns: key STRING
// source:  the newest last
MATCH (:Segmentation {key: $segmentation})<-[:ON]-(thing:Measurement|Prediction)
RETURN thing.key AS key
ORDER BY thing.created, key
