"""Zarr and OME-Zarr stores on disk: which arrays there are, read from their small JSON files.

A store is a folder that a stranger packed. Three things in it could do harm and are refused here,
before the library sees it: a codec that unpickles (``pickle`` runs code even on float arrays), a
path that climbs out of the store, and a symbolic link. Folders are listed by ourselves, so a
consolidated copy of the metadata, which could say something else than the arrays, is never used.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cathograph.ingest.formats.file_state import shown
from cathograph.schema.errors import InputImageError

LARGEST_JSON_BYTES = 8 << 20
DEEPEST_ARRAY = 5
MOST_NODES = 2000
SAFE_CODECS = frozenset(
    (
        *("bytes", "transpose", "sharding_indexed", "crc32c", "crc32", "adler32", "fletcher32"),
        *("blosc", "gzip", "zlib", "zstd", "lz4", "bz2", "lzma"),
        *("shuffle", "delta", "bitround", "fixedscaleoffset", "quantize", "astype", "packbits"),
    )
)


@dataclass(frozen=True)
class ZarrNode:
    """One array of a store.

    Attributes
    ----------
    name
        Path inside the store, ``""`` for an array that is the store.
    folder
        Where it lies.
    shape
        As its metadata say.
    attributes
        The user's attributes.
    """

    name: str
    folder: Path
    shape: tuple[int, ...]
    attributes: Mapping[str, Any]


def refuse_links(path: Path) -> None:
    """Refuse a store that contains symbolic links, wherever they lead.

    Raises
    ------
    InputImageError
        When there is one.
    """
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            if (Path(folder) / name).is_symlink():
                msg = (
                    f"{shown(path)}: found a symbolic link in the store ({shown(Path(name))}); expected "
                    "files of its own. Copy what it points to."
                )
                raise InputImageError(msg)


def arrays_of(path: Path) -> list[ZarrNode]:
    """List the arrays of a store, in order of their names.

    Raises
    ------
    InputImageError
        When metadata cannot be read, or an array uses a codec that could run code.
    """
    return sorted(_walk(path, path, 0), key=lambda node: node.name)


def attributes_of(path: Path, name: str = "") -> Mapping[str, Any]:
    """Return the user's attributes of a group or array.

    Raises
    ------
    InputImageError
        When they cannot be read.
    """
    folder = inside(path, name)
    if (folder / "zarr.json").is_file():
        attributes = _read_json(path, folder / "zarr.json").get("attributes", {})
    elif (folder / ".zattrs").is_file():
        attributes = _read_json(path, folder / ".zattrs")
    else:
        attributes = {}
    return attributes if isinstance(attributes, dict) else {}


def inside(path: Path, name: str) -> Path:
    """Return the folder of a node, refusing a name that leads out of the store.

    Raises
    ------
    InputImageError
        When the name is absolute, climbs with ``..``, or names no plain folder.
    """
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in name or "\0" in name:
        msg = (
            f"{shown(path)}: found the path {name[:60]!r}, which leads out of the store; expected one inside "
            "it. The store is damaged or crafted; do not use it."
        )
        raise InputImageError(msg)
    return path.joinpath(*(part for part in parts if part not in ("", ".")))


def multiscales_of(path: Path) -> Mapping[str, Any] | None:
    """Return the first OME multiscales entry (0.4 or 0.5), None where the store is not OME-Zarr.

    Raises
    ------
    InputImageError
        When the attributes cannot be read.
    """
    attributes = attributes_of(path)
    ome = attributes.get("ome")
    found = (ome if isinstance(ome, dict) else attributes).get("multiscales")
    return found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else None


def _walk(root: Path, folder: Path, depth: int) -> Iterator[ZarrNode]:
    waiting = [(folder, depth)]
    seen = 0
    while waiting and seen < MOST_NODES:
        folder, depth = waiting.pop()
        seen += 1
        name = "" if folder == root else folder.relative_to(root).as_posix()
        for file in ("zarr.json", ".zarray"):
            if not (folder / file).is_file():
                continue
            content = _read_json(root, folder / file)
            if file == "zarr.json" and content.get("node_type") != "array":
                continue
            _refuse_codecs(root, content)
            shape = content.get("shape")
            if not isinstance(shape, list) or not all(isinstance(size, int) and size >= 0 for size in shape):
                where = name or "the array"
                msg = f"{shown(root)}: found no shape in {where}; expected a list of sizes. Export it again."
                raise InputImageError(msg)
            yield ZarrNode(name, folder, tuple(shape), attributes_of(root, name))
            break
        else:
            if depth < DEEPEST_ARRAY:
                waiting += [
                    (child, depth + 1)
                    for child in sorted(folder.iterdir())
                    if child.is_dir() and not child.is_symlink()
                ]


def _read_json(root: Path, file: Path) -> dict[str, Any]:
    try:
        if file.is_symlink() or file.stat().st_size > LARGEST_JSON_BYTES:
            msg = f"{shown(root)}: found {file.name} as a link or larger than 8 MiB; expected small metadata."
            raise InputImageError(msg)
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        detail = " ".join(str(error).split())[:100]
        msg = f"{shown(root)}: found no metadata in {file.name} ({detail}); expected JSON. Export it again."
        raise InputImageError(msg) from error
    if not isinstance(content, dict):
        msg = (
            f"{shown(root)}: found no object in {file.name}; expected Zarr metadata. Export the store again."
        )
        raise InputImageError(msg)
    return content


def _refuse_codecs(root: Path, content: Mapping[str, Any]) -> None:
    chain = [content.get("compressor"), *(content.get("filters") or []), *(content.get("codecs") or [])]
    while chain:
        codec = chain.pop()
        if codec is None:
            continue
        name = (codec.get("id") or codec.get("name")) if isinstance(codec, dict) else codec
        text = str(name).removeprefix("numcodecs.")
        if text not in SAFE_CODECS:
            msg = (
                f"{shown(root)}: found the codec {text[:30]!r}; expected one that only packs numbers (blosc, "
                "zstd, gzip …). Save the array with another compression."
            )
            raise InputImageError(msg)
        inner = codec.get("configuration") if isinstance(codec, dict) else None
        if isinstance(inner, dict):
            chain += [*(inner.get("codecs") or []), *(inner.get("index_codecs") or [])]
