"""Fetching the jars of the local Neo4j into a cache that all homes share.

Strategy: the committed list (`cathograph.local_neo4j.jar_lock`) says which files and which hashes, so nothing
has to be resolved and files can come in any order, sixteen at a time over kept-open connections.
Each is written beside its place, hashed while it comes, and renamed only when its hash is right:
a killed or failed run leaves complete files only, and the next run continues from there. A lock
file lets one process fetch at a time; the second one finds the work done.

pooch was tried instead (docs/decisions/0019): it took three times as long.

``python -m cathograph.local_neo4j.jars`` fetches; ``python -m cathograph.local_neo4j.jars --relock`` renews the list.
"""

import argparse
import errno
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock
from platformdirs import user_cache_path

from cathograph.local_neo4j.jar_lock import LOCK_FILE, Jar, JarLock, read_lock, resolve_lock, write_lock
from cathograph.schema.errors import CathographError, LocalServerError

if TYPE_CHECKING:
    from requests import Response, Session

OnBytes = Callable[[int, int], None]
"""Called with the bytes done so far and the bytes in all."""

PARALLEL_FETCHES = 16
_CHUNK_BYTES = 1 << 18
_CONNECT_TIMEOUT_S = 15
_READ_TIMEOUT_S = 60


def cache_folder() -> Path:
    """Tell where fetched files are kept: ``CATHOGRAPH_CACHE``, else the user's cache folder."""
    given = os.environ.get("CATHOGRAPH_CACHE")
    return Path(given).expanduser().absolute() if given else user_cache_path("cathograph", appauthor=False)


def fetch_jars(
    lock: JarLock | None = None, *, cache: Path | None = None, on_bytes: OnBytes | None = None
) -> list[Path]:
    """Bring every jar of the list into the cache and check its hash.

    Parameters
    ----------
    lock : JarLock, optional
        The list; default the committed one.
    cache : Path, optional
        Folder to fill; default `cache_folder`.
    on_bytes : callable, optional
        Progress, called from several threads, never at the same time; not called when nothing is missing.

    Returns
    -------
    list of Path
        The files, in the order of the list.

    Raises
    ------
    LocalServerError
        When a file cannot be fetched, has another hash, or cannot be written.
    """
    lock = lock or read_lock()
    folder = (cache or cache_folder()) / "jars"
    places = [folder / jar.file_name for jar in lock.jars]
    try:
        if not missing_jars(lock, cache=cache):
            return places
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock"):
            # Asked again: whoever held the lock before us may have fetched them.
            missing = missing_jars(lock, cache=cache)
            _refuse_full_disk(folder, missing)
            _fetch(missing, folder, on_bytes)
    except OSError as error:
        raise LocalServerError(_unwritable(folder, error)) from error
    return places


def missing_jars(lock: JarLock, *, cache: Path | None = None) -> list[Jar]:
    """List the jars that are not in the cache, or not as they should be.

    Every file is hashed (0.2 s for all of them): a cache cut short by a full disk or a
    crash must not become a Java stack trace later.
    """
    folder = (cache or cache_folder()) / "jars"
    with ThreadPoolExecutor(4) as pool:  # hashing releases the interpreter
        good = pool.map(lambda jar: _is_intact(folder / jar.file_name, jar), lock.jars)
        return [jar for jar, is_good in zip(lock.jars, good, strict=True) if not is_good]


def _is_intact(file: Path, jar: Jar) -> bool:
    try:
        if file.stat().st_size != jar.size_bytes:
            return False
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == jar.sha256
    except (FileNotFoundError, NotADirectoryError):
        return False


def _fetch(jars: list[Jar], folder: Path, on_bytes: OnBytes | None) -> None:
    if not jars:
        return
    from threading import Lock

    import requests
    from jgo.constants import default_maven_repo
    from jgo.maven import MavenContext
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    total = sum(jar.size_bytes for jar in jars)
    done = 0
    counting = Lock()

    def count(n_bytes: int) -> None:
        nonlocal done
        with counting:
            done += n_bytes
            if on_bytes is not None:
                on_bytes(done, total)

    # jgo knows the public repository; a site without a way out names its own mirror.
    mirror = os.environ.get("CATHOGRAPH_MAVEN_REPOSITORY")
    repositories = [mirror] if mirror else list(MavenContext().remote_repos.values())
    own_repository = default_maven_repo()

    def bring(jar: Jar) -> None:
        reusable = own_repository / jar.repository_path
        if _is_intact(reusable, jar):
            part = folder / f".{jar.file_name}.part"
            shutil.copyfile(reusable, part)
            part.replace(folder / jar.file_name)
            count(jar.size_bytes)
            return
        _download(session, repositories, jar, folder, count)

    with requests.Session() as session:
        # Retry after temporary failures: a busy server, a dropped connection.
        retry = Retry(total=5, connect=1, backoff_factor=0.3, status_forcelist=(429, 500, 502, 503, 504))
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(pool_maxsize=PARALLEL_FETCHES, max_retries=retry))
        with ThreadPoolExecutor(PARALLEL_FETCHES) as pool:
            # The largest first, so that no large file is still being fetched when all others are done.
            running = [pool.submit(bring, jar) for jar in sorted(jars, key=lambda jar: -jar.size_bytes)]
            try:
                for future in running:
                    future.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise


def _download(
    session: "Session", repositories: list[str], jar: Jar, folder: Path, count: Callable[[int], None]
) -> None:
    import requests

    part = folder / f".{jar.file_name}.part"
    digest = ""
    for may_try_again in (True, True, False):
        answer = None
        try:
            answer = _ask(session, repositories, jar)
            digest = _store(answer, part)
            break
        except requests.RequestException as error:
            part.unlink(missing_ok=True)
            # The session retries refused connections and busy servers, but not a connection that
            # breaks in the middle of a file.
            if may_try_again and answer is not None and answer.ok:
                continue
            msg = (
                f"Found no way to fetch {jar.coordinate} ({_reason(error)}); expected it from the public Maven "
                "repository, needed once. Check the network (HTTPS_PROXY is respected, "
                "CATHOGRAPH_MAVEN_REPOSITORY names a mirror) and run again: it continues from here; or copy "
                f"{folder} from a machine that has it."
            )
            raise LocalServerError(msg) from error
    if digest != jar.sha256:
        part.unlink(missing_ok=True)
        msg = (
            f"Found {jar.coordinate} with SHA-256 {digest}; expected {jar.sha256}. "
            "Nothing was kept. Something between here and the repository alters files: try another network or mirror."
        )
        raise LocalServerError(msg)
    part.replace(folder / jar.file_name)
    count(jar.size_bytes)


def _ask(session: "Session", repositories: list[str], jar: Jar) -> "Response":
    """Ask the repositories in turn; the first that knows the file answers."""
    for repository in repositories:
        address = f"{repository.rstrip('/')}/{jar.repository_path}"
        answer = session.get(address, stream=True, timeout=(_CONNECT_TIMEOUT_S, _READ_TIMEOUT_S))
        if answer.ok or repository == repositories[-1]:
            break
        answer.close()
    return answer


def _store(answer: "Response", part: Path) -> str:
    """Write an answer to a file and return its SHA-256."""
    digest = hashlib.sha256()
    with answer:
        answer.raise_for_status()
        with part.open("wb") as stream:
            for chunk in answer.iter_content(_CHUNK_BYTES):
                stream.write(chunk)
                digest.update(chunk)
    return digest.hexdigest()


def _reason(error: Exception) -> str:
    """Cut a chained network error down to what a person needs."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:200]}"


def _refuse_full_disk(folder: Path, missing: list[Jar]) -> None:
    needed = sum(jar.size_bytes for jar in missing)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OSError(errno.ENOSPC, f"{needed / 1e6:.0f} MB needed, {free / 1e6:.0f} MB free", str(folder))


def _unwritable(folder: Path, error: OSError) -> str:
    return (
        f"Found the cache {folder} unusable ({error.strerror or error}); expected a writable "
        "folder with room for Neo4j's 160 MB. Make room, or set CATHOGRAPH_CACHE to another folder."
    )


@contextmanager
def progress_bar(title: str = "Fetching Neo4j") -> Iterator[OnBytes]:
    """Show a bar on standard error while fetching; yields the callback for `fetch_jars`."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def main(arguments: list[str] | None = None) -> int:
    """Fetch the jars, or renew the list (``--relock``)."""
    parser = argparse.ArgumentParser(prog="python -m cathograph.local_neo4j.jars", description=__doc__)
    parser.add_argument("--relock", action="store_true", help="resolve again and rewrite the committed list")
    asked = parser.parse_args(arguments)
    try:
        if asked.relock:
            write_lock(resolve_lock(say=_say), Path(__file__).with_name(LOCK_FILE))
        lock = read_lock()
        with progress_bar() as on_bytes:
            fetch_jars(lock, on_bytes=on_bytes)
    except CathographError as error:
        _say(f"Error: {error}")
        return 1
    _say(f"{len(lock.jars)} files, {lock.size_bytes / 1e6:.0f} MB, in {cache_folder() / 'jars'}")
    return 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
