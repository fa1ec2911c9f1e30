"""What an `IngestRun` carries besides when it is a job of the ingest service."""

from cathograph.schema.properties import Kind, Property

JOB_PROPERTIES: tuple[Property, ...] = (
    Property("folder", Kind.STRING, "job: watched folder; null for any other run", nullable=True),
    Property("sample", Kind.STRING, "job: sample, by the rules of the folder", nullable=True),
    Property("image", Kind.STRING, "job: image within the sample, by the rules", nullable=True),
    Property("map_file_name", Kind.STRING, "job: energy map that goes with the file", nullable=True),
    Property("map_sha256", Kind.STRING, "job: hash of that file's bytes", nullable=True),
    Property("outcome", Kind.STRING, "job: written, unchanged or reactivated, once done", nullable=True),
    Property("method", Kind.STRING, "job: segmenter or model and its version, once done", nullable=True),
    Property("reason", Kind.STRING, "job: why it failed, waits or was cancelled", nullable=True),
    Property("enqueued", Kind.DATETIME, "job: when it was queued", nullable=True),
    Property("not_before", Kind.DATETIME, "job: when it may be tried again", nullable=True),
    Property("attempts", Kind.INTEGER, "job: how often it was begun", minimum=0, nullable=True),
    Property("deaths", Kind.INTEGER, "job: how often its process died", minimum=0, nullable=True),
    Property("superseded", Kind.BOOLEAN, "job: a newer one of its image was queued", nullable=True),
    Property("lease_owner", Kind.STRING, "job: the service that works on it", nullable=True),
    Property("lease_until", Kind.DATETIME, "job: when another service may take it", nullable=True),
)
