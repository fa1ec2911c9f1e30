"""Zarr and OME-Zarr stores on disk: which arrays there are, read from their small JSON files.

A store is a folder that a stranger packed. Three things in it could do harm and are refused here,
before the library sees them: a codec that unpickles (``pickle`` runs code even on float arrays), a
path that climbs out of the store, and a symbolic link. Only the array that is read is judged by its
codecs: a table of texts beside it does not matter. Folders are listed by ourselves, so a
consolidated copy of the metadata, which could say something else than the arrays, is never used.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cathograph.schema.errors import InputImageError
from cathograph.schema.printable import shown

LARGEST_JSON_BYTES = 8 << 20
DEEPEST_ARRAY = 5
MOST_NODES = 2000
METADATA_FILES = ("zarr.json", ".zarray")
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
    axis_names
        As its metadata or xarray's attribute state them, empty for an axis without; None where it
        names none.
    """

    name: str
    folder: Path
    shape: tuple[int, ...]
    attributes: Mapping[str, Any]
    axis_names: tuple[str, ...] | None = None


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
        When metadata cannot be read.
    """
    return sorted(
        (node for folder in _folders(path) if (node := _array_in(path, folder)) is not None),
        key=lambda node: node.name,
    )


def require_safe_codecs(path: Path, name: str) -> None:
    """Refuse an array that uses a codec which could run code, or which nobody knows.

    Raises
    ------
    InputImageError
        When there is such a codec, or the metadata cannot be read.
    """
    folder = inside(path, name)
    for file in METADATA_FILES:
        if (folder / file).is_file():
            _refuse_codecs(path, _read_json(path, folder / file))


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


def normal_name(name: str) -> str:
    """Return the path of a node as a user writes it in the form of the store: ``/img//a/`` is ``img/a``.

    A name that is not relative in another way, or climbs, stays as it is, to be refused by `inside`.

    Examples
    --------
    >>> normal_name("/img//a/"), normal_name("./img/a"), normal_name("../img")
    ('img/a', 'img/a', '../img')
    """
    return "/".join(part for part in name.split("/") if part not in ("", "."))


def array_at(path: Path, name: str) -> ZarrNode | None:
    """Return the array at a path inside the store, None where there is none.

    Raises
    ------
    InputImageError
        When the path leads out of the store, or metadata cannot be read.
    """
    folder = inside(path, name)
    return _array_in(path, folder) if folder.is_dir() else None


def multiscales_of(path: Path, groups: Iterable[str] | None = None) -> dict[str, Mapping[str, Any]]:
    """Return the first OME multiscales entry (0.4 or 0.5) of every group that has one, by its name.

    Parameters
    ----------
    path
        Store.
    groups
        Those to look at; None for all.

    Raises
    ------
    InputImageError
        When attributes cannot be read.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for name in groups if groups is not None else (_name_of(path, folder) for folder in _folders(path)):
        attributes = attributes_of(path, name)
        ome = attributes.get("ome")
        scales = (ome if isinstance(ome, dict) else attributes).get("multiscales")
        if isinstance(scales, list) and scales and isinstance(scales[0], dict):
            found[name] = scales[0]
    return found


def _folders(root: Path) -> Iterator[Path]:
    """Walk the nodes of a store, groups before what they hold; nothing inside an array."""
    waiting = [(root, 0)]
    seen = 0
    while waiting and seen < MOST_NODES:
        folder, depth = waiting.pop(0)
        seen += 1
        yield folder
        if depth < DEEPEST_ARRAY and not _is_array(root, folder):
            waiting += [
                (child, depth + 1)
                for child in sorted(folder.iterdir())
                if child.is_dir() and not child.is_symlink()
            ]


def _is_array(root: Path, folder: Path) -> bool:
    if (folder / "zarr.json").is_file():
        return _read_json(root, folder / "zarr.json").get("node_type") == "array"
    return (folder / ".zarray").is_file()


def _name_of(root: Path, folder: Path) -> str:
    return "" if folder == root else folder.relative_to(root).as_posix()


def _array_in(root: Path, folder: Path) -> ZarrNode | None:
    if not _is_array(root, folder):
        return None
    name = _name_of(root, folder)
    file = next(file for file in METADATA_FILES if (folder / file).is_file())
    content = _read_json(root, folder / file)
    shape = content.get("shape")
    if not isinstance(shape, list) or not all(isinstance(size, int) and size >= 0 for size in shape):
        where = name or "the array"
        msg = f"{shown(root)}: found no shape in {where}; expected a list of sizes. Export it again."
        raise InputImageError(msg)
    attributes = attributes_of(root, name)
    stated = content.get("dimension_names") or attributes.get("_ARRAY_DIMENSIONS")
    axis_names = None
    if isinstance(stated, list) and len(stated) == len(shape):
        axis_names = tuple("" if one is None else str(one) for one in stated)
    return ZarrNode(name, folder, tuple(shape), attributes, axis_names)


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
