// cathode_kinds: the cathode kinds beside each other, across all of their samples.
// grain:   one row per cathode kind and dimension (2D areas and 3D volumes do not mix)
// params:  $sample STRING or null, $image STRING or null
// columns: cathode STRING or null, ndim INTEGER, samples INTEGER, images INTEGER, nmc INTEGER,
//          share_in_tpbs FLOAT or null, share_in_physical_tpbs FLOAT or null, share_with_channels FLOAT or null,
//          mean_tpbs_per_nmc FLOAT or null, mean_nmc_diameter_um FLOAT or null, mean_nmc_area_um2 FLOAT or null,
//          mean_nmc_volume_um3 FLOAT or null, mean_tpb_perimeter_um FLOAT or null,
//          mean_interface_ratio FLOAT or null, radius_um_min FLOAT, radius_um_max FLOAT, same_radius BOOLEAN,
//          share_with_touching_channels FLOAT or null
// source:  paper, Fig. 3 and 4. Where same_radius is false, contacts were found at different radii, and
//          the shares compare unlike things
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
CALL (segmentation) {
  MATCH (segmentation)<-[:IN]-(nmc:Active)
  CALL (nmc) {
    OPTIONAL MATCH (nmc)<-[:MEETS]-(tpb:TPB)
    RETURN count(tpb) AS tpbs, count(CASE WHEN tpb.is_physical THEN 1 END) AS physical_tpbs,
           sum(tpb.perimeter_um) AS perimeter_um, sum(tpb.interface_ratio) AS interface_ratio
  }
  RETURN count(nmc) AS nmc, sum(tpbs) AS tpbs,
         count(CASE WHEN tpbs > 0 THEN 1 END) AS in_tpbs,
         count(CASE WHEN physical_tpbs > 0 THEN 1 END) AS in_physical_tpbs,
         count(CASE WHEN nmc.has_concurrent_channel THEN 1 END) AS with_channels,
         count(CASE WHEN nmc.has_touching_channel THEN 1 END) AS with_touching,
         sum(nmc.equivalent_diameter_um) AS diameter_um,
         sum(nmc.area_um2) AS area_um2,
         sum(nmc.volume_um3) AS volume_um3,
         sum(perimeter_um) AS perimeter_um,
         sum(interface_ratio) AS interface_ratio
}
WITH sample.cathode AS cathode, segmentation.ndim AS ndim, count(DISTINCT sample) AS samples,
     count(segmentation) AS images, sum(nmc) AS nmc, toFloat(sum(nmc)) AS n, sum(tpbs) AS tpbs,
     sum(in_tpbs) AS in_tpbs, sum(in_physical_tpbs) AS in_physical_tpbs, sum(with_channels) AS with_channels,
     sum(with_touching) AS with_touching,
     sum(diameter_um) AS diameter_um, sum(area_um2) AS area_um2, sum(volume_um3) AS volume_um3,
     sum(perimeter_um) AS perimeter_um, sum(interface_ratio) AS interface_ratio,
     min(segmentation.radius_um) AS radius_um_min, max(segmentation.radius_um) AS radius_um_max
RETURN
  cathode,
  ndim,
  samples,
  images,
  nmc,
  CASE WHEN n > 0 THEN in_tpbs / n END AS share_in_tpbs,
  CASE WHEN n > 0 THEN in_physical_tpbs / n END AS share_in_physical_tpbs,
  CASE WHEN n > 0 THEN with_channels / n END AS share_with_channels,
  CASE WHEN n > 0 THEN tpbs / n END AS mean_tpbs_per_nmc,
  CASE WHEN n > 0 THEN diameter_um / n END AS mean_nmc_diameter_um,
  CASE WHEN n > 0 AND ndim = 2 THEN area_um2 / n END AS mean_nmc_area_um2,
  CASE WHEN n > 0 AND ndim = 3 THEN volume_um3 / n END AS mean_nmc_volume_um3,
  CASE WHEN tpbs > 0 THEN perimeter_um / tpbs END AS mean_tpb_perimeter_um,
  CASE WHEN tpbs > 0 THEN interface_ratio / tpbs END AS mean_interface_ratio,
  radius_um_min,
  radius_um_max,
  radius_um_max - radius_um_min <= 1e-9 * radius_um_max AS same_radius,
  CASE WHEN n > 0 THEN with_touching / n END AS share_with_touching_channels
ORDER BY cathode, ndim
