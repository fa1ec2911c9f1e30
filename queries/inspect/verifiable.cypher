// verifiable: what the store says of each image and its file, and what is really there.
// grain:   one row per image with an active segmentation
// params:  $sample STRING or null, $image STRING or null
// columns: sample STRING, image STRING, segmentation STRING, active INTEGER, counted MAP, stored MAP,
//          file MAP or null, places LIST<STRING>, map MAP or null, map_places LIST<STRING>
// source:  counted: as the ingest noted; stored: as they are now. file and map: name, sha256 and dataset by the last
//          run that wrote or found them; places: paths where runs and watched folders had these bytes
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
OPTIONAL MATCH (image)-[:SLICE_OF]->(volume:Volume)
CALL (segmentation) {
  OPTIONAL MATCH (run:IngestRun)-[:WROTE]->(segmentation)
  WITH run ORDER BY run.started DESC LIMIT 1
  RETURN CASE WHEN run IS NOT NULL THEN {name: run.file_name, sha256: run.file_sha256, dataset: run.dataset} END AS file
}
CALL (segmentation) {
  OPTIONAL MATCH (segmentation)<-[:ON]-(measurement:Measurement {active: true})
  OPTIONAL MATCH (run:IngestRun)-[:WROTE]->(measurement)
  WITH measurement, run ORDER BY run.started DESC LIMIT 1
  RETURN CASE WHEN run IS NOT NULL THEN {name: run.file_name, sha256: run.file_sha256, dataset: run.dataset} END AS map,
         measurement
}
RETURN
  sample.id AS sample,
  image.id AS image,
  segmentation.key AS segmentation,
  COUNT { (image)<-[:SEGMENTS]-(:Segmentation {active: true}) } AS active,
  {
    particles: segmentation.n_particles,
    contacts: segmentation.n_contacts,
    tpbs: segmentation.n_tpbs,
    physical_tpbs: segmentation.n_physical_tpbs,
    states: coalesce(measurement.n_particles, 0)
  } AS counted,
  {
    particles: COUNT { (segmentation)<-[:IN]-(:Particle) },
    contacts: COUNT { (segmentation)<-[:IN]-(:Particle)-[:CONTACT]->(:Particle) },
    tpbs: COUNT { (segmentation)<-[:IN]-(:Particle)<-[:MEETS {place: 1}]-(:TPB) },
    physical_tpbs: COUNT { (segmentation)<-[:IN]-(:Particle)<-[:MEETS {place: 1}]-(:TPB {is_physical: true}) },
    states: COUNT { (measurement)-[:STATE]->(:Active) }
  } AS stored,
  file,
  COLLECT {
    MATCH (run:IngestRun)-[:WROTE]->(segmentation)
    WHERE run.file_sha256 = file.sha256 AND run.file_path IS NOT NULL
    RETURN DISTINCT run.file_path
  } + COLLECT {
    MATCH (job:IngestRun {sample: sample.id})
    WHERE job.folder IS NOT NULL AND job.image IN [image.id, volume.id] AND job.file_sha256 = file.sha256
    RETURN DISTINCT job.folder + '/' + job.file_name
  } AS places,
  map,
  COLLECT {
    MATCH (run:IngestRun)-[:WROTE]->(measurement)
    WHERE run.file_sha256 = map.sha256 AND run.file_path IS NOT NULL
    RETURN DISTINCT run.file_path
  } + COLLECT {
    MATCH (job:IngestRun {sample: sample.id})
    WHERE job.folder IS NOT NULL AND job.image IN [image.id, volume.id] AND job.map_sha256 = map.sha256
    RETURN DISTINCT job.folder + '/' + job.map_file_name
  } AS map_places
ORDER BY sample, image
