"""What the local server is told: memory, network, hardening, and its first password.

The hardening stands here because Community has no roles: whoever may ask may also ask the
server to read files and addresses. So it reads none (design: "Read-only, as tried").
"""

import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import psutil

from cathograph.home import Home, write_private
from cathograph.schema.errors import LocalServerError

USER = "neo4j"


@dataclass(frozen=True)
class ServerMemory:
    """Memory of the local server, in MiB.

    Attributes
    ----------
    heap_mb : int
        Java heap: queries, transactions, GDS projections.
    page_cache_mb : int
        Cache of the store's pages, beside the heap.
    """

    heap_mb: int
    page_cache_mb: int

    @classmethod
    def for_this_machine(cls) -> "ServerMemory":
        """Take a quarter of the memory for the heap, at most 4 GiB; the user works here too.

        ``CATHOGRAPH_HEAP_MB`` and ``CATHOGRAPH_PAGE_CACHE_MB`` overrule it.

        Raises
        ------
        LocalServerError
            When one of these is not a whole number of at least 256 (heap) or 16 (page cache).
        """
        total_mb = psutil.virtual_memory().total // 2**20
        return cls(
            heap_mb=_from_environment("CATHOGRAPH_HEAP_MB", max(512, min(4096, total_mb // 4)), least=256),
            page_cache_mb=_from_environment(
                "CATHOGRAPH_PAGE_CACHE_MB", max(128, min(2048, total_mb // 8)), least=16
            ),
        )


def _from_environment(name: str, default: int, *, least: int) -> int:
    given = os.environ.get(name)
    if given is None:
        return default
    if not given.isdecimal() or int(given) < least:
        msg = (
            f"Found {name}={given!r}; expected a whole number of MiB, at least {least}. Correct or unset it."
        )
        raise LocalServerError(msg)
    return int(given)


def configuration(port: int, memory: ServerMemory, more: Mapping[str, str] = MappingProxyType({})) -> str:
    """Write ``neo4j.conf``, with `more` settings at its end. Paths are left to Neo4j's defaults, inside its home."""
    # A query that collects without end must not take the server with it; an ingest batch needs less.
    one_transaction_mb = memory.heap_mb // 2
    all_transactions_mb = memory.heap_mb * 7 // 10
    more_lines = "".join(f"{name}={value}\n" for name, value in more.items())
    return f"""\
# Written by `cathograph db start` on every start; changes made here are lost.
server.default_listen_address=127.0.0.1
server.default_advertised_address=127.0.0.1
server.bolt.listen_address=127.0.0.1:{port}
server.bolt.advertised_address=127.0.0.1:{port}
server.http.enabled=false
server.https.enabled=false
server.memory.pagecache.size={memory.page_cache_mb}m
db.memory.transaction.max={one_transaction_mb}m
dbms.memory.transaction.total.max={all_transactions_mb}m
dbms.security.auth_enabled=true
dbms.security.procedures.unrestricted=gds.*
# LOAD CSV reads neither files nor addresses.
server.directories.import=import
dbms.security.allow_csv_import_from_file_urls=false
internal.dbms.cypher_ip_blocklist=0.0.0.0/0,::/0
dbms.usage_report.enabled=false
# Else every stop waits twice five seconds for connections that are already closed.
internal.server.bolt.thread_pool_shutdown_wait_time=100ms
# Logs of finished transactions serve replicas and online backups, which Community has not. Their room is
# taken beforehand (preallocate, the default): without it a full disk cuts a log in the middle of an entry,
# and the database never starts again.
db.tx_log.rotation.size=64M
db.tx_log.rotation.retention_policy=100M size
{more_lines}"""


def write_configuration(home: Home, port: int, memory: ServerMemory, more: Mapping[str, str]) -> None:
    """Put the configuration where the server looks for it."""
    with home.explained():
        write_private(home.neo4j / "conf" / "neo4j.conf", configuration(port, memory, more))


def write_first_password(home: Home, password: str) -> None:
    """Tell a server that never ran its password, as ``neo4j-admin dbms set-initial-password`` does.

    That command takes the password as an argument, which every user of the machine can read in
    the process list, and costs the start of a Java machine. The file it writes is one line:
    user, then SHA-256 of salt and password, hashed 1024 times in all, salt, rounds.
    """
    file = home.data / "dbms" / "auth.ini"
    if home.knows_password:
        return
    rounds = 1024
    salt = secrets.token_bytes(32)
    digest = hashlib.sha256(salt + password.encode()).digest()
    for _ in range(rounds - 1):
        digest = hashlib.sha256(digest).digest()
    with home.explained():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(file, f"{USER}:SHA-256,{digest.hex()},{salt.hex()},{rounds}:\n")
