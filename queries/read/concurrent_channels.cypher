// concurrent_channels: pairs of active particles that share a neighbour of both carriers (SSE and graphite).
// grain:   one row per pair, the lower label first (nmc_a < nmc_b)
// params:  $sample STRING or null, $image STRING or null
// columns: image STRING, nmc_a INTEGER, nmc_b INTEGER, via_sse INTEGER, via_graphite INTEGER,
//          sample STRING
// source:  paper; via_sse and via_graphite count shared neighbours of the composite's first and second carrier. Pairs are stored up to 50 partners per NMC on average, beyond that found here through
//          the shared neighbours of one NMC at a time. Rows are put in order on the way, never all at
//          once: a volume with hubs has a million, more than a server may sort in memory
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
MATCH (segmentation)<-[:IN]-(a:Active)
WITH sample, image, segmentation, a ORDER BY a.label
WITH sample, image, segmentation, collect(a) AS members ORDER BY sample.id, image.id
UNWIND range(0, size(members) - 1, 50) AS start
CALL (sample, image, segmentation, members, start) {
  UNWIND members[start..start + 50] AS a
  CALL (segmentation, a) {
    WITH segmentation, a WHERE segmentation.channel_pairs_stored
    MATCH (a)-[channel:CONCURRENT_CHANNEL]->(b:Active)
    RETURN b, channel.via_sse AS via_sse, channel.via_graphite AS via_graphite
    UNION ALL
    WITH segmentation, a WHERE NOT segmentation.channel_pairs_stored
    CALL (segmentation, a) {
      MATCH (a)-[:CONTACT]-(carrier:Particle)-[:CONTACT]-(b:Active)
      WHERE b.label > a.label AND carrier.phase IN segmentation.first_carrier_phases
      RETURN b, count(*) AS sse, 0 AS graphite
      UNION ALL
      MATCH (a)-[:CONTACT]-(carrier:Particle)-[:CONTACT]-(b:Active)
      WHERE b.label > a.label AND carrier.phase IN segmentation.second_carrier_phases
      RETURN b, 0 AS sse, count(*) AS graphite
    }
    WITH b, sum(sse) AS via_sse, sum(graphite) AS via_graphite
    WHERE via_sse > 0 AND via_graphite > 0
    RETURN b, via_sse, via_graphite
  }
  WITH a, b, via_sse, via_graphite ORDER BY a.label, b.label
  RETURN collect({
    image: image.id,
    nmc_a: a.label,
    nmc_b: b.label,
    via_sse: via_sse,
    via_graphite: via_graphite,
    sample: sample.id
  }) AS rows
}
RETURN rows
