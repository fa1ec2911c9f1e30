// prediction_models: the models that have predicted something, the newest first.
// grain:   one row per model (name and hash)
// params:  $sample STRING or null, $image STRING or null
// columns: model STRING, model_hash STRING, architecture STRING, members INTEGER, predicted DATETIME,
//          images INTEGER, train_images INTEGER, validation_images INTEGER, test_images INTEGER,
//          unseen_images INTEGER, nmc INTEGER, element STRING or null, edge STRING or null
// source:  overview; images are those whose segmentation is in sight, unseen ones were no part of the training
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:ON]-(prediction:Prediction)
WITH
  prediction.model AS model,
  prediction.model_hash AS model_hash,
  prediction.architecture AS architecture,
  prediction.members AS members,
  prediction.element AS element,
  prediction.edge AS edge,
  collect(prediction) AS predictions
RETURN
  model,
  model_hash,
  architecture,
  members,
  reduce(newest = predictions[0].created, one IN predictions |
    CASE WHEN one.created > newest THEN one.created ELSE newest END) AS predicted,
  size(predictions) AS images,
  size([one IN predictions WHERE one.split = 'train']) AS train_images,
  size([one IN predictions WHERE one.split = 'validation']) AS validation_images,
  size([one IN predictions WHERE one.split = 'test']) AS test_images,
  size([one IN predictions WHERE one.split = 'none']) AS unseen_images,
  reduce(total = 0, one IN predictions | total + one.n_particles) AS nmc,
  element,
  edge
ORDER BY predicted DESC, model, model_hash
