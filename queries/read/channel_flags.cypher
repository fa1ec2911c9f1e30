// channel_flags: which NMC particles have a concurrent channel, and with how many others.
// grain:   one row per NMC particle
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, nmc INTEGER, has_concurrent_channel BOOLEAN, concurrent_partners INTEGER,
//          local_channel_partners INTEGER or null, sample STRING
// source:  paper; local partners (null: not searched for) are ours
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(nmc:Active)
RETURN
  image.id AS image,
  nmc.label AS nmc,
  nmc.has_concurrent_channel AS has_concurrent_channel,
  nmc.concurrent_partners AS concurrent_partners,
  nmc.local_channel_partners AS local_channel_partners,
  sample.id AS sample
ORDER BY sample, image, nmc
