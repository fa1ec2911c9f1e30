// percolation_by_cathode: percolation of the cathode kinds beside each other, across all of their samples.
// grain:   one row per cathode kind and dimension
// params:  $sample STRING or null, $image STRING or null,
//          $side STRING or null one of top|bottom|left|right|front|back
// columns: cathode STRING or null, ndim INTEGER, ionic_side STRING, electronic_side STRING, samples INTEGER,
//          images INTEGER, nmc INTEGER, ionic INTEGER, electronic INTEGER, both INTEGER, neither INTEGER,
//          share_ionic FLOAT or null, share_electronic FLOAT or null, share_both FLOAT or null,
//          share_neither FLOAT or null, images_without_metrics INTEGER
// source:  docs/decisions/0007. Through ionic particles to $side (null: the composite's ion side, top in the default),
//          through electronic ones to the opposite side; a side that an image does not have gives no row. nmc
//          counts active particles; the counts leave images without metrics out. A share is null where no image
//          has a particle that carries
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
WITH sample, image, segmentation, coalesce($side, segmentation.ion_side) AS ionic_side
WITH sample, image, segmentation, ionic_side, {
  top: 'bottom', bottom: 'top', left: 'right', right: 'left', front: 'back', back: 'front'
}[ionic_side] AS electronic_side
WHERE electronic_side IS NOT NULL AND (segmentation.ndim = 3 OR NOT ionic_side IN ['front', 'back'])
CALL (segmentation, ionic_side, electronic_side) {
  MATCH (segmentation)<-[:IN]-(nmc:Active)
  WHERE segmentation.metrics_version IS NOT NULL
  WITH ionic_side IN nmc.ionic_sides AS by_ions, electronic_side IN nmc.electronic_sides AS by_electrons
  RETURN count(*) AS nmc,
         count(CASE WHEN by_ions THEN 1 END) AS ionic,
         count(CASE WHEN by_electrons THEN 1 END) AS electronic,
         count(CASE WHEN by_ions AND by_electrons THEN 1 END) AS both,
         count(CASE WHEN NOT by_ions AND NOT by_electrons THEN 1 END) AS neither
}
WITH sample.cathode AS cathode, segmentation.ndim AS ndim, ionic_side, electronic_side,
     count(DISTINCT sample) AS samples, count(segmentation) AS images, sum(nmc) AS nmc,
     toFloat(sum(nmc)) AS n, sum(ionic) AS ionic, sum(electronic) AS electronic, sum(both) AS both, sum(neither) AS neither,
     sum(COUNT { (segmentation)<-[:IN]-(:Ionic) }) AS ionic_carriers,
     sum(COUNT { (segmentation)<-[:IN]-(:Electronic) }) AS electronic_carriers,
     count(CASE WHEN segmentation.metrics_version IS NULL THEN 1 END) AS images_without_metrics
RETURN
  cathode,
  ndim,
  ionic_side,
  electronic_side,
  samples,
  images,
  nmc,
  ionic,
  electronic,
  both,
  neither,
  CASE WHEN n > 0 AND ionic_carriers > 0 THEN ionic / n END AS share_ionic,
  CASE WHEN n > 0 AND electronic_carriers > 0 THEN electronic / n END AS share_electronic,
  CASE WHEN n > 0 AND ionic_carriers > 0 AND electronic_carriers > 0 THEN both / n END AS share_both,
  CASE WHEN n > 0 AND ionic_carriers > 0 AND electronic_carriers > 0 THEN neither / n END AS share_neither,
  images_without_metrics
ORDER BY cathode, ndim
