// state_by_structure: mean states of NMC with and without a TPB, a concurrent channel, and a touching channel.
// grain:   one row per sample, absorption edge, structure, and whether the NMC have it; samples without an energy map are left out
// params:  $sample STRING or null, $image STRING or null, $edge STRING or null
// columns: sample STRING, cathode STRING or null, structure STRING, present BOOLEAN, particles INTEGER,
//          measured INTEGER, flagged INTEGER, mean_soc_ev FLOAT or null, mean_heterogeneity_ev FLOAT or null,
//          mean_polarization_ev FLOAT or null, with_polarization INTEGER, same_method BOOLEAN, element STRING,
//          edge STRING
// source:  paper, Fig. 4 and 5; structure is TPB, physical TPB, concurrent channel or touching channel (ours). Energies are relative edge
//          shifts, not lithium contents. Where same_method is false, maps of the sample were read in different ways
//          (window, reference, fit, …), and the means compare unlike things
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:ON]-(measurement:Measurement {active: true})
WHERE ($edge IS NULL OR measurement.element + ' ' + measurement.edge = $edge)
WITH sample, measurement.element AS element, measurement.edge AS edge, collect(measurement) AS measurements, count(DISTINCT measurement.params) AS methods
UNWIND measurements AS measurement
MATCH (measurement)-[state:STATE]->(nmc:Active)
WITH sample, element, edge, methods, state,
     [
       ['TPB', EXISTS { (nmc)<-[:MEETS]-(:TPB) }],
       ['physical TPB', EXISTS { (nmc)<-[:MEETS]-(:TPB {is_physical: true}) }],
       ['concurrent channel', nmc.has_concurrent_channel],
       ['touching channel', nmc.has_touching_channel]
     ] AS structures
UNWIND structures AS pair
WITH sample, element, edge, methods, pair[0] AS structure, pair[1] AS present, count(state) AS particles, count(state.soc_ev) AS measured,
     count(CASE WHEN state.flagged THEN 1 END) AS flagged, avg(state.soc_ev) AS soc_ev,
     avg(state.heterogeneity_ev) AS heterogeneity_ev, avg(state.polarization_ev) AS polarization_ev,
     count(state.polarization_ev) AS with_polarization
RETURN
  sample.id AS sample,
  sample.cathode AS cathode,
  structure,
  present,
  particles,
  measured,
  flagged,
  soc_ev AS mean_soc_ev,
  heterogeneity_ev AS mean_heterogeneity_ev,
  polarization_ev AS mean_polarization_ev,
  with_polarization,
  methods = 1 AS same_method,
  element,
  edge
ORDER BY sample, element, edge, structure, present
