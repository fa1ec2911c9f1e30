"""The committed list of jars that make the local Neo4j, and its renewal.

Neo4j Community and Graph Data Science are ordinary Java artifacts. What they need is resolved
once, by us, and written down with the SHA-256 of every file; a user's machine resolves nothing
and trusts nothing but these hashes. The list names coordinates, no host: `jgo` knows where
the public Maven repository lives.
"""

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from cathograph.schema.errors import LocalServerError

LOCK_FILE = "neo4j-jars.lock.json"

# GDS is published on Maven for some versions only: 2.13.9 is the last one made for Neo4j 5.26 (LTS).
# `proc` holds the procedures, `opengds-extension` is what makes the server load them.
ROOTS = (
    "org.neo4j:neo4j:5.26.30",
    "org.neo4j.gds:proc:2.13.9",
    "org.neo4j.gds:opengds-extension:2.13.9",
)

_GDS_GROUP = "org.neo4j.gds"
_PROCEDURE_MARK = re.compile(rb"Lorg/neo4j/procedure/(Procedure|UserFunction|UserAggregationFunction);")


@dataclass(frozen=True, order=True)
class Jar:
    """One file of the list.

    Attributes
    ----------
    group, artifact, version, classifier : str
        Maven coordinate; the classifier is mostly empty.
    sha256 : str
        Hash of the file, lower-case hexadecimal.
    size_bytes : int
        Length of the file.
    has_procedures : bool
        Whether it holds GDS procedures or functions, and so belongs into the plugin folder. The
        server searches every class of that folder on every start; the other hundred GDS
        jars there would cost it a fifth of its starting time.
    """

    group: str
    artifact: str
    version: str
    classifier: str
    sha256: str
    size_bytes: int
    has_procedures: bool

    @property
    def file_name(self) -> str:
        """Name of the file, as in every Maven repository."""
        tail = f"-{self.classifier}" if self.classifier else ""
        return f"{self.artifact}-{self.version}{tail}.jar"

    @property
    def repository_path(self) -> str:
        """Path of the file inside every Maven repository, with forward slashes."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.file_name}"

    @property
    def coordinate(self) -> str:
        """The coordinate as people write it."""
        parts = (self.group, self.artifact, self.classifier, self.version)
        return ":".join(part for part in parts if part)


@dataclass(frozen=True)
class JarLock:
    """The whole list.

    Attributes
    ----------
    roots : tuple of str
        What was asked for; all else is needed by these.
    jars : tuple of Jar
        All files, sorted by coordinate.
    """

    roots: tuple[str, ...]
    jars: tuple[Jar, ...]

    @property
    def size_bytes(self) -> int:
        """Length of all files together."""
        return sum(jar.size_bytes for jar in self.jars)

    @property
    def fingerprint(self) -> str:
        """Short name of exactly this set of files."""
        return hashlib.sha256("\n".join(jar.sha256 for jar in self.jars).encode()).hexdigest()[:12]


def read_lock() -> JarLock:
    """Read the committed list.

    Raises
    ------
    LocalServerError
        When the list is missing or damaged (an incomplete installation).
    """
    source = files("cathograph.local_neo4j").joinpath(LOCK_FILE)
    try:
        content = json.loads(source.read_text(encoding="utf-8"))
        jars = tuple(Jar(**entry) for entry in content["jars"])
        return JarLock(roots=tuple(content["roots"]), jars=jars)
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = (
            f"Found the list of Neo4j's files ({LOCK_FILE}) unreadable: {error}. Install Cathograph again, "
            "or renew the list with `python -m cathograph.local_neo4j.jars --relock`."
        )
        raise LocalServerError(msg) from error


def write_lock(lock: JarLock, file: Path) -> None:
    """Write the list, one line per file so that a change reads well in a diff."""
    rows = ",\n".join(f"    {json.dumps(asdict(jar))}" for jar in lock.jars)
    file.write_text(
        f'{{\n  "roots": {json.dumps(lock.roots)},\n  "jars": [\n{rows}\n  ]\n}}\n', encoding="utf-8"
    )


def resolve_lock(roots: Sequence[str] = ROOTS, *, say: Callable[[str], None] = print) -> JarLock:
    """Resolve the roots to the full list of files, fetching each once to hash it.

    Takes some minutes and needs the network; only maintainers run it, when Neo4j is renewed.

    Parameters
    ----------
    roots : sequence of str
        Coordinates ``group:artifact:version``.
    say : callable
        Called with one line at a time.
    """
    from jgo.maven import MavenContext

    with TemporaryDirectory() as folder:
        context = MavenContext(repo_cache=Path(folder), timeout=60)
        say(f"Resolving {', '.join(roots)} …")
        inputs, needed = context.resolver.resolve([context.create_dependency(root) for root in roots])

        def hash_one(artifact: "object") -> Jar:
            file: Path = artifact.resolve()  # type: ignore[attr-defined]
            return Jar(
                group=artifact.groupId,  # type: ignore[attr-defined]
                artifact=artifact.artifactId,  # type: ignore[attr-defined]
                version=artifact.version,  # type: ignore[attr-defined]
                classifier=artifact.classifier,  # type: ignore[attr-defined]
                sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
                size_bytes=file.stat().st_size,
                has_procedures=artifact.groupId == _GDS_GROUP and _holds_procedures(file),  # type: ignore[attr-defined]
            )

        wanted = [dependency.artifact for dependency in (*inputs, *needed) if dependency.type == "jar"]
        say(f"Hashing {len(wanted)} files …")
        with ThreadPoolExecutor(8) as pool:
            jars = sorted(set(pool.map(hash_one, wanted)))
    names = [jar.file_name for jar in jars]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        # They would overwrite each other in the one folder they share.
        msg = f"Found several artifacts with the file name {', '.join(twice)}; expected each name once."
        raise LocalServerError(msg)
    return JarLock(roots=tuple(roots), jars=tuple(jars))


def _holds_procedures(file: Path) -> bool:
    """Tell whether a class of this jar carries one of the annotations by which Neo4j finds procedures."""
    with zipfile.ZipFile(file) as jar:
        classes = (jar.read(name) for name in jar.namelist() if name.endswith(".class"))
        return any(_PROCEDURE_MARK.search(content) for content in classes)
