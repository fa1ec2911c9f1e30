// local_channels: pairs of NMC joined by a short path inside one SSE and inside one graphite region.
// grain:   one row per pair, the lower label first (nmc_a < nmc_b)
// params:  $sample STRING or null, $image STRING or null, $max_path_um FLOAT or null
// columns: image STRING, nmc_a INTEGER, nmc_b INTEGER, path_sse_um FLOAT, path_graphite_um FLOAT,
//          searched_up_to_um FLOAT, sample STRING
// source:  ours: concurrent channels that a hub cannot fake; stored up to the path length of the ingest
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(a:Active)-[channel:LOCAL_CHANNEL]->(b:Active)
WHERE $max_path_um IS NULL OR (channel.path_sse_um <= $max_path_um AND channel.path_graphite_um <= $max_path_um)
RETURN
  image.id AS image,
  a.label AS nmc_a,
  b.label AS nmc_b,
  channel.path_sse_um AS path_sse_um,
  channel.path_graphite_um AS path_graphite_um,
  segmentation.local_channel_path_um AS searched_up_to_um,
  sample.id AS sample
ORDER BY sample, image, nmc_a, nmc_b
