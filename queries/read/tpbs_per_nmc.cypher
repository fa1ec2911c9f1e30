// tpbs_per_nmc: how many triple phase boundaries each NMC particle is part of.
// grain:   one row per NMC particle, also those in none
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, nmc INTEGER, tpbs INTEGER, physical_tpbs INTEGER, junctions INTEGER,
//          mean_perimeter_um FLOAT or null, mean_interface_ratio FLOAT or null, sample STRING
// source:  paper: NMC in and outside of TPBs; physical TPBs and junctions are ours
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(nmc:Active)
OPTIONAL MATCH (nmc)<-[:MEETS]-(tpb:TPB)
WITH sample, image, nmc, count(tpb) AS tpbs, count(CASE WHEN tpb.is_physical THEN 1 END) AS physical_tpbs,
     sum(tpb.junctions) AS junctions, avg(tpb.perimeter_um) AS mean_perimeter_um,
     avg(tpb.interface_ratio) AS mean_interface_ratio
RETURN
  image.id AS image,
  nmc.label AS nmc,
  tpbs,
  physical_tpbs,
  junctions,
  mean_perimeter_um,
  mean_interface_ratio,
  sample.id AS sample
ORDER BY sample, image, nmc
