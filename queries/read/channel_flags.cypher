// channel_flags: which NMC particles have a concurrent or a touching channel, and with how many others.
// grain:   one row per NMC particle
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, nmc INTEGER, has_concurrent_channel BOOLEAN, concurrent_partners INTEGER,
//          local_channel_partners INTEGER or null, sample STRING, has_touching_channel BOOLEAN,
//          touching_partners INTEGER
// source:  paper; local partners (null: not searched for) and touching channels are ours
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(nmc:Active)
RETURN
  image.id AS image,
  nmc.label AS nmc,
  nmc.has_concurrent_channel AS has_concurrent_channel,
  nmc.concurrent_partners AS concurrent_partners,
  nmc.local_channel_partners AS local_channel_partners,
  sample.id AS sample,
  nmc.has_touching_channel AS has_touching_channel,
  nmc.touching_partners AS touching_partners
ORDER BY sample, image, nmc
