// Images with the same pixels, as a renamed file gives, are found by the hash of these.
CREATE INDEX segmentation_content IF NOT EXISTS FOR (n:Segmentation) ON (n.content_sha256);
