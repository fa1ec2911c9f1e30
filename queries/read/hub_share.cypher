// hub_share: how much of the SSE and of the graphite lies in one region, which makes nearly all NMC concurrent.
// grain:   one row per image
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, hub_share_sse FLOAT or null, hub_share_graphite FLOAT or null, nmc INTEGER,
//          channel_pairs INTEGER, mean_partners FLOAT or null, channel_pairs_stored BOOLEAN, sample STRING
// source:  ours: largest region over all of its phase; null where the phase is absent
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
WITH sample, image, segmentation, COUNT { (segmentation)<-[:IN]-(:Active) } AS nmc
RETURN
  image.id AS image,
  segmentation.hub_share_sse AS hub_share_sse,
  segmentation.hub_share_graphite AS hub_share_graphite,
  nmc,
  segmentation.n_channel_pairs AS channel_pairs,
  CASE WHEN nmc > 0 THEN 2.0 * segmentation.n_channel_pairs / nmc END AS mean_partners,
  segmentation.channel_pairs_stored AS channel_pairs_stored,
  sample.id AS sample
ORDER BY sample, image
