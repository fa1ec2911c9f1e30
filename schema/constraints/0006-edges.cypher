// Measurements name the absorption edge of their map. Those from before were all read as the Ni K edge. Each statement
// may be applied again: one that names its edge is left as it is.
MATCH (measurement:Measurement) WHERE measurement.element IS NULL SET measurement.element = 'Ni', measurement.edge = 'K';
