"""A sample as an RO-Crate: its tables with a machine-readable description of where they come from.

The tables are those of the named queries; each has an action beside it (who, when, which Cathograph, from which
file). Input files stay where they are: the crate names them with their SHA-256. The format is RO-Crate 1.1
with the terms of its Process Run Crate profile.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cathograph.queries.catalog import load
from cathograph.queries.reading.provenance import provenance
from cathograph.queries.reading.runner import run
from cathograph.schema.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    from rocrate.rocrate import ROCrate

    from cathograph.queries.server.connection import Connection

TABLES = ("images", "composites", "segmentations", "particles", "contacts", "tpbs", "measurements", "states")
_PLACES = {"file_path", "grey_path", "folder"}
_VERSION = "1.1"
_PROCESS_RUN = "https://w3id.org/ro/wfrun/process/0.5"
_UNLICENSED = "Not stated. Ask whoever measured the sample before using these data."


def write_ro_crate(
    store: "Connection", sample: str, folder: Path, *, licence: str | None = None
) -> list[str]:
    """Write a sample as an RO-Crate; give the names of its tables.

    Parameters
    ----------
    store : Connection
        Where the sample is.
    sample : str
        Which; of its images what is active.
    folder : Path
        Folder to write, not there yet or empty; whole or not at all.
    licence : str, optional
        How the data may be used: an address or a text.

    Raises
    ------
    InputError
        When there is no such sample, or the folder is not empty or cannot be written.
    """
    images = run(store, load("images"), {"sample": sample})
    if images.empty:
        msg = (
            f"Found no sample {sample!r}; expected one that is stored. `cathograph query samples` lists them."
        )
        raise InputError(msg)
    folder = folder.expanduser().absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        msg = f"Found {folder} there already; expected a new or empty folder. Choose another --out."
        raise InputError(msg)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
            names = _write(store, sample, Path(scratch), folder.name, licence)
            if folder.exists():
                folder.rmdir()
            shutil.move(Path(scratch) / folder.name, folder)
    except OSError as error:
        msg = f"Found {folder} not writable ({error.strerror}); expected a folder with room. Choose another --out."
        raise InputError(msg) from error
    return names


def _write(store: "Connection", sample: str, scratch: Path, name: str, licence: str | None) -> list[str]:
    from rocrate.model import ContextEntity
    from rocrate.rocrate import ROCrate

    tables = {query: run(store, load(query), {"sample": sample}) for query in TABLES}
    tables = {query: table for query, table in tables.items() if not table.empty}
    keys = list(tables["segmentations"].loc[tables["segmentations"]["active"], "segmentation"])
    records = [_without_places(provenance(store, str(key))) for key in keys]
    crate = ROCrate(version=_VERSION)
    crate.name = f"Sample {sample}: particles, contacts and states"
    crate.description = (
        f"{len(tables['images'])} images of sample {sample} as a graph of particles: "
        f"{', '.join(f'{len(table)} rows of {query}' for query, table in tables.items())}. "
        "Units stand in the names of the columns; a description of each is in the file's entity."
    )
    crate.license = _licence(crate, licence)
    crate.root_dataset["conformsTo"] = crate.add(
        ContextEntity(
            crate,
            _PROCESS_RUN,
            properties={"@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        )
    )
    files = []
    for query, table in tables.items():
        path = scratch / f"{query}.csv"
        table.to_csv(path, index=False, lineterminator="\n")
        files.append(crate.add_file(path, path.name, properties=_about_table(query, table)))
    path = scratch / "provenance.json"
    path.write_text(json.dumps(records, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    about = {
        "name": "Where each segmentation comes from",
        "description": "Parameters, file hashes, code versions, users and times, as `cathograph provenance` tells.",
        "encodingFormat": "application/json",
    }
    crate.add_file(path, path.name, properties=about)
    actions = [_add_run(crate, each, files) for record in records for each in _with_measured(record)]
    crate.root_dataset["mentions"] = [action for made in actions for action in made]
    crate.write(scratch / name)
    return list(tables)


def _without_places(record: Any) -> Any:  # noqa: ANN401  a tree of JSON values
    """Leave out the paths of files: they say more of a machine than a reader elsewhere needs."""
    if isinstance(record, dict):
        return {name: _without_places(value) for name, value in record.items() if name not in _PLACES}
    return [_without_places(each) for each in record] if isinstance(record, list) else record


def _with_measured(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [record, *record["measured"]]


def _licence(crate: "ROCrate", licence: str | None) -> Any:  # noqa: ANN401  an entity of a library without types
    from rocrate.model import ContextEntity

    address = licence if licence and licence.startswith(("http://", "https://")) else None
    about = {
        "@type": "CreativeWork",
        "name": licence or "No licence stated",
        "description": licence or _UNLICENSED,
    }
    return crate.add(ContextEntity(crate, address or "#licence", properties=about))


def _about_table(query: str, table: "pd.DataFrame") -> dict[str, Any]:
    described = load(query)
    columns = "; ".join(f"{column.name} {column.type}" for column in described.columns)
    return {
        "name": described.summary,
        "description": f"{described.grain}. Columns: {columns}. {len(table)} rows.",
        "encodingFormat": "text/csv",
    }


def _add_run(crate: "ROCrate", record: Mapping[str, Any], files: list[Any]) -> list[Any]:
    """Add the runs that wrote a segmentation, a measurement or a prediction, with file, person and program."""
    from rocrate.model import ContextEntity, Person

    made = []
    for each in record["runs"]:
        if each["state"] != "written":
            continue
        code = each.get("code_version") or version("cathograph")
        program = crate.add(
            ContextEntity(
                crate,
                f"#cathograph-{code}",
                properties={"@type": "SoftwareApplication", "name": "Cathograph", "version": code},
            )
        )
        source = crate.add(
            ContextEntity(
                crate,
                f"#sha256-{each['file_sha256'] or 'none'}",
                properties={
                    "@type": "CreativeWork",
                    "name": each["file_name"],
                    "identifier": f"sha256:{each['file_sha256']}",
                    "description": "The file that was read; it is not part of this crate.",
                },
            )
        )
        about = {
            "@type": "CreateAction",
            "name": f"{record['kind']} of image {record['image']}",
            "description": f"Key {record['key']}; its parameters are in provenance.json.",
            "startTime": each["started"],
            "endTime": each["finished"],
            "actionStatus": "http://schema.org/CompletedActionStatus",
        }
        action = crate.add(ContextEntity(crate, f"#run-{each['id']}", properties=about))
        action["instrument"] = program
        action["object"] = [source]
        action["result"] = files
        if each.get("user"):
            action["agent"] = crate.add(Person(crate, f"#user-{each['user']}", {"name": each["user"]}))
        made.append(action)
    return made
