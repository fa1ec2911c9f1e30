// predictions: what trained models say of every NMC, beside what was measured.
// grain:   one row per NMC of an active segmentation and model that has predicted it, with $edge models of that
//          absorption edge alone
// params:  $sample STRING or null, $image STRING or null, $model STRING or null,
//          $edge STRING or null
// columns: sample STRING, image STRING, label INTEGER, key STRING, model STRING, model_hash STRING,
//          split STRING, soc_ev_predicted FLOAT or null, heterogeneity_ev_predicted FLOAT or null,
//          polarization_ev_predicted FLOAT or null, soc_ev FLOAT or null, heterogeneity_ev FLOAT or null,
//          polarization_ev FLOAT or null, soc_sd_ev FLOAT or null, heterogeneity_sd_ev FLOAT or null,
//          polarization_sd_ev FLOAT or null, architecture STRING, members INTEGER, predicted DATETIME,
//          element STRING or null, edge STRING or null
// source:  paper, Fig. 6. $model is a name or a hash. split says which part the image was in when the model was
//          trained: only test, and none, tell how good it is. The _sd_ are spreads over an ensemble. What was
//          measured is of the model's edge. Energies are relative edge shifts, not lithium contents
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:ON]-(prediction:Prediction)
WHERE ($model IS NULL OR prediction.model = $model OR prediction.model_hash = $model)
  AND ($edge IS NULL OR prediction.element + ' ' + prediction.edge = $edge)
MATCH (prediction)-[:PREDICTS]->(nmc:Active)
WITH sample, image, prediction, nmc ORDER BY nmc.label
WITH sample, image, prediction, collect(nmc) AS members
ORDER BY sample.id, image.id, prediction.model, prediction.model_hash
UNWIND range(0, size(members) - 1, 2000) AS start
CALL (sample, image, prediction, members, start) {
  UNWIND members[start..start + 2000] AS nmc
  MATCH (prediction)-[predicted:PREDICTS]->(nmc)
  OPTIONAL MATCH (nmc)<-[state:STATE]-(measurement:Measurement {active: true})
  WHERE measurement.element = prediction.element AND measurement.edge = prediction.edge
  WITH nmc, predicted, state ORDER BY nmc.label
  RETURN collect({
    sample: sample.id,
    image: image.id,
    label: nmc.label,
    key: nmc.key,
    model: prediction.model,
    model_hash: prediction.model_hash,
    split: prediction.split,
    soc_ev_predicted: predicted.soc_ev,
    heterogeneity_ev_predicted: predicted.heterogeneity_ev,
    polarization_ev_predicted: predicted.polarization_ev,
    soc_ev: state.soc_ev,
    heterogeneity_ev: state.heterogeneity_ev,
    polarization_ev: state.polarization_ev,
    soc_sd_ev: predicted.soc_sd_ev,
    heterogeneity_sd_ev: predicted.heterogeneity_sd_ev,
    polarization_sd_ev: predicted.polarization_sd_ev,
    architecture: prediction.architecture,
    members: prediction.members,
    predicted: prediction.created,
    element: prediction.element,
    edge: prediction.edge
  }) AS rows
}
RETURN rows
