// states: the electrochemical state of every NMC, beside what it is part of: the table of the statistics.
// grain:   one row per NMC particle of an active segmentation and absorption edge that was measured on it; where none
//          was, or not $edge, one row with null values
// params:  $sample STRING or null, $image STRING or null, $edge STRING or null
// columns: sample STRING, image STRING, volume STRING or null, cathode STRING or null, label INTEGER,
//          area_um2 FLOAT or null, soc_ev FLOAT or null, heterogeneity_ev FLOAT or null,
//          polarization_ev FLOAT or null, at_tpb BOOLEAN, at_physical_tpb BOOLEAN,
//          has_concurrent_channel BOOLEAN, n_valid INTEGER or null, dropped_fraction FLOAT or null,
//          missing_fraction FLOAT or null, soc_se_ev FLOAT or null, heterogeneity_se_ev FLOAT or null,
//          n_peaks INTEGER or null, flagged BOOLEAN or null, reason STRING or null, measurement STRING or null,
//          concurrent_partners INTEGER, volume_um3 FLOAT or null, equivalent_diameter_um FLOAT,
//          touches_border BOOLEAN, element STRING or null, edge STRING or null,
//          dropped_below_fraction FLOAT or null, fit_noise_ev FLOAT or null,
//          heterogeneity_corrected_ev FLOAT or null, heterogeneity_corrected_low_ev FLOAT or null,
//          heterogeneity_corrected_high_ev FLOAT or null, soc_uncut_ev FLOAT or null,
//          heterogeneity_uncut_ev FLOAT or null, heterogeneity_uncut_se_ev FLOAT or null,
//          uncut_reason STRING or null, has_touching_channel BOOLEAN, touching_partners INTEGER
// source:  paper, electrochemical state, TPB, concurrent channel; the touching channel is ours. Energies are relative edge
//          shifts, not lithium contents. $edge as in 'Ni K': with it every NMC has one row
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
OPTIONAL MATCH (image)-[:SLICE_OF]->(volume:Volume)
MATCH (segmentation)<-[:IN]-(nmc:Active)
WITH sample, image, volume, nmc ORDER BY nmc.label
WITH sample, image, volume, collect(nmc) AS members ORDER BY sample.id, image.id
UNWIND range(0, size(members) - 1, 2000) AS start
CALL (sample, image, volume, members, start) {
  UNWIND members[start..start + 2000] AS nmc
  OPTIONAL MATCH (nmc)<-[state:STATE]-(measurement:Measurement {active: true})
  WHERE ($edge IS NULL OR measurement.element + ' ' + measurement.edge = $edge)
  WITH nmc, state, measurement ORDER BY nmc.label, measurement.element, measurement.edge
  RETURN collect({
    sample: sample.id,
    image: image.id,
    volume: volume.id,
    cathode: sample.cathode,
    label: nmc.label,
    area_um2: nmc.area_um2,
    soc_ev: state.soc_ev,
    heterogeneity_ev: state.heterogeneity_ev,
    polarization_ev: state.polarization_ev,
    at_tpb: EXISTS { (nmc)<-[:MEETS]-(:TPB) },
    at_physical_tpb: EXISTS { (nmc)<-[:MEETS]-(:TPB {is_physical: true}) },
    has_concurrent_channel: nmc.has_concurrent_channel,
    n_valid: state.n_valid,
    dropped_fraction: state.dropped_fraction,
    missing_fraction: state.missing_fraction,
    soc_se_ev: state.soc_se_ev,
    heterogeneity_se_ev: state.heterogeneity_se_ev,
    n_peaks: state.n_peaks,
    flagged: state.flagged,
    reason: state.reason,
    measurement: measurement.key,
    concurrent_partners: nmc.concurrent_partners,
    volume_um3: nmc.volume_um3,
    equivalent_diameter_um: nmc.equivalent_diameter_um,
    touches_border: nmc.touches_border,
    element: measurement.element,
    edge: measurement.edge,
    dropped_below_fraction: state.dropped_below_fraction,
    fit_noise_ev: state.fit_noise_ev,
    heterogeneity_corrected_ev: state.heterogeneity_corrected_ev,
    heterogeneity_corrected_low_ev: state.heterogeneity_corrected_low_ev,
    heterogeneity_corrected_high_ev: state.heterogeneity_corrected_high_ev,
    soc_uncut_ev: state.soc_uncut_ev,
    heterogeneity_uncut_ev: state.heterogeneity_uncut_ev,
    heterogeneity_uncut_se_ev: state.heterogeneity_uncut_se_ev,
    uncut_reason: state.uncut_reason,
    has_touching_channel: nmc.has_touching_channel,
    touching_partners: nmc.touching_partners
  }) AS rows
}
RETURN rows
