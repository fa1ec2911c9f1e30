// concurrent_channels: pairs of NMC that share an SSE neighbour and a graphite neighbour.
// grain:   one row per pair, the lower label first (nmc_a < nmc_b)
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, nmc_a INTEGER, nmc_b INTEGER, via_sse INTEGER, via_graphite INTEGER,
//          sample STRING
// source:  paper; pairs are stored up to 50 partners per NMC on average, beyond that found here through
//          the shared neighbours of one NMC at a time
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
CALL (segmentation) {
  WITH segmentation WHERE segmentation.channel_pairs_stored
  MATCH (segmentation)<-[:IN]-(a:NMC)-[channel:CONCURRENT_CHANNEL]->(b:NMC)
  RETURN a.label AS nmc_a, b.label AS nmc_b, channel.via_sse AS via_sse, channel.via_graphite AS via_graphite
  UNION ALL
  WITH segmentation WHERE NOT segmentation.channel_pairs_stored
  MATCH (segmentation)<-[:IN]-(a:NMC)
  CALL (a) {
    CALL (a) {
      MATCH (a)-[:CONTACT]-(:SSE)-[:CONTACT]-(b:NMC)
      WHERE b.label > a.label
      RETURN b, count(*) AS sse, 0 AS graphite
      UNION ALL
      MATCH (a)-[:CONTACT]-(:Graphite)-[:CONTACT]-(b:NMC)
      WHERE b.label > a.label
      RETURN b, 0 AS sse, count(*) AS graphite
    }
    WITH b, sum(sse) AS via_sse, sum(graphite) AS via_graphite
    WHERE via_sse > 0 AND via_graphite > 0
    RETURN b.label AS nmc_b, via_sse, via_graphite
  }
  RETURN a.label AS nmc_a, nmc_b, via_sse, via_graphite
}
RETURN image.id AS image, nmc_a, nmc_b, via_sse, via_graphite, sample.id AS sample
ORDER BY sample, image, nmc_a, nmc_b
