// Predictions name the absorption edge of the states they are of. Those from before were all of models of the Ni K edge. The
// statement may be applied again: one that names its edge is left as it is.
MATCH (prediction:Prediction) WHERE prediction.element IS NULL SET prediction.element = 'Ni', prediction.edge = 'K';
