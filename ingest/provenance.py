"""Who ingests what, when, from which file, with which code: the record beside everything that is written."""

import getpass
import os
import platform
from datetime import datetime
from importlib.metadata import version as package_version
from uuid import uuid4

from cathograph.ingest.formats import ImageFile
from cathograph.queries.writing.images import IngestRunRecord
from cathograph.schema.names import with_bytes_escaped


def user_name() -> str:
    """Name of who runs this: the login name, or ``uid N`` where the user has none, as in many containers."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # KeyError before Python 3.13
        return f"uid {os.getuid()}"


def run_record(
    file: ImageFile, started: datetime, *, dataset: str | None = None, grey: ImageFile | None = None
) -> IngestRunRecord:
    """Record a run over one file, and the grey image that shows the same field."""
    return IngestRunRecord(
        id=str(uuid4()),
        started=started,
        user=user_name(),
        host=platform.node(),
        code_version=package_version("cathograph"),
        file_name=with_bytes_escaped(file.path.name),
        file_sha256=file.sha256,
        file_path=with_bytes_escaped(str(file.path.absolute())),
        dataset=dataset,
        grey_path=None if grey is None else with_bytes_escaped(str(grey.path.absolute())),
        grey_sha256=None if grey is None else grey.sha256,
    )
