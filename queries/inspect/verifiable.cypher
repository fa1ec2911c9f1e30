// verifiable: what the store says of each image and its file, and what is really there.
// grain:   one row per image with an active segmentation
// params:  $sample STRING or null, $image STRING or null
// columns: sample STRING, image STRING, segmentation STRING, active INTEGER, counted MAP, stored MAP,
//          file MAP or null, places LIST<STRING>, maps LIST<MAP>
// source:  counted: as the ingest noted; stored: as they are now. file and maps (the active one of each absorption
//          edge): name, sha256 and dataset by the last run that wrote or found them; places: paths where runs and watched
//          folders had these bytes
MATCH (sample:Sample)<-[:OF]-(image:Image)<-[:SEGMENTS]-(segmentation:Segmentation {active: true})
WHERE ($sample IS NULL OR sample.id = $sample) AND ($image IS NULL OR image.id = $image)
OPTIONAL MATCH (image)-[:SLICE_OF]->(volume:Volume)
CALL (segmentation) {
  OPTIONAL MATCH (run:IngestRun)-[:WROTE]->(segmentation)
  WITH run ORDER BY run.started DESC LIMIT 1
  RETURN CASE WHEN run IS NOT NULL THEN {name: run.file_name, sha256: run.file_sha256, dataset: run.dataset} END AS file
}
CALL (segmentation, image, sample, volume) {
  MATCH (segmentation)<-[:ON]-(measurement:Measurement {active: true})
  CALL (measurement) {
    OPTIONAL MATCH (run:IngestRun)-[:WROTE]->(measurement)
    WITH run ORDER BY run.started DESC LIMIT 1
    RETURN run
  }
  WITH measurement, run, COLLECT {
    MATCH (each:IngestRun)-[:WROTE]->(measurement)
    WHERE each.file_sha256 = run.file_sha256 AND each.file_path IS NOT NULL
    RETURN DISTINCT each.file_path
  } + COLLECT {
    MATCH (job:IngestRun {sample: sample.id})
    WHERE job.folder IS NOT NULL AND job.image IN [image.id, volume.id] AND job.map_sha256 = run.file_sha256
    RETURN DISTINCT job.folder + '/' + job.map_file_name
  } AS places
  ORDER BY measurement.element, measurement.edge
  RETURN
    sum(measurement.n_particles) AS counted_states,
    sum(COUNT { (measurement)-[:STATE]->(:Active) }) AS stored_states,
    collect(CASE WHEN run IS NOT NULL THEN {
      name: run.file_name, sha256: run.file_sha256, dataset: run.dataset, places: places
    } END) AS maps
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
    states: counted_states
  } AS counted,
  {
    particles: COUNT { (segmentation)<-[:IN]-(:Particle) },
    contacts: COUNT { (segmentation)<-[:IN]-(:Particle)-[:CONTACT]->(:Particle) },
    tpbs: COUNT { (segmentation)<-[:IN]-(:Particle)<-[:MEETS {place: 1}]-(:TPB) },
    physical_tpbs: COUNT { (segmentation)<-[:IN]-(:Particle)<-[:MEETS {place: 1}]-(:TPB {is_physical: true}) },
    states: stored_states
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
  maps
ORDER BY sample, image
