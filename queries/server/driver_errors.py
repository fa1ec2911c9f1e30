"""What the driver's errors mean, in our own words: what was found, what was expected, what to do next."""

import contextlib
from collections.abc import Iterator

from neo4j.exceptions import (
    ClientError,
    ConstraintError,
    CypherSyntaxError,
    DriverError,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
)

from cathograph.schema.errors import (
    CathographError,
    DatabaseError,
    ParameterError,
    QueryError,
    QueryTimeout,
    WriteRefused,
)

_TIMED_OUT = "Neo.ClientError.Transaction.TransactionTimedOut"
_TERMINATED = "Transaction.Terminated"
_OUT_OF_MEMORY = ("MemoryPoolOutOfMemoryError", "OutOfMemoryError", "StackOverFlowError")
_NO_ROOM = ("no space left", "disk full", "disk quota", "low disk space", "could not write to log")

# What the server says of a commit that its disk did not take, and from then on until it is restarted.
_STOPPED_BY_ITS_DISK = tuple(
    f"Neo.DatabaseError.Transaction.Transaction{what}" for what in ("LogError", "CommitFailed", "StartFailed")
)


class AlreadyThereError(DatabaseError):
    """A constraint or an index that is to be made is there."""


class ServerGone(DatabaseError):  # noqa: N818  handled by the connection
    """The server went away."""


def is_final(error: Neo4jError) -> bool:
    """Tell whether repeating the transaction cannot help."""
    return not error.is_retryable() or any(word in (error.code or "") for word in _OUT_OF_MEMORY)


def translate(error: Neo4jError, timeout_s: float | None) -> CathographError:
    """Turn an error of the server into one of ours; `timeout_s` is the limit that was set."""
    code, text = error.code or "", first_line(error)
    if code.startswith(_TIMED_OUT) or code.endswith("TransactionTerminated") or "LockClient" in code:
        return QueryTimeout(still_running(timeout_s))
    if code.endswith(_TERMINATED):
        return QueryTimeout(
            "Found the query ended on request; expected it to finish. Nothing was changed; run it again for "
            "an answer."
        )
    if any(word in code for word in _OUT_OF_MEMORY):
        return DatabaseError(
            f"Found the server out of memory for this transaction ({text}); expected it to fit. Narrow the "
            "question, or give the server a larger heap (server.memory.heap.max_size)."
        )
    if any(word in text.lower() for word in _NO_ROOM):
        return DatabaseError(
            f"Found the server's disk full ({text}); expected room to write. Nothing half-written is "
            "visible; make room, restart the server and run the same command again."
        )
    if code in _STOPPED_BY_ITS_DISK:
        return DatabaseError(
            f"Found the database stopped after it could not write ({text}); expected room on its disk. "
            "Nothing half-written is visible; make room, restart the server (`cathograph db stop`; the next "
            "command starts it) and run the same command again."
        )
    if code.startswith("Neo.ClientError.Schema.") and code.endswith("AlreadyExists"):
        return AlreadyThereError(text)
    if code.endswith("AccessMode"):
        return WriteRefused(
            f"Found a query that writes ({text}); expected one that only reads. The store changes only "
            "through `cathograph ingest`."
        )
    if code.endswith(("ParameterMissing", "ParameterNotFound")):
        return ParameterError(
            f"Found {text}; expected every $parameter to have a value. Add --param name=value."
        )
    if isinstance(error, CypherSyntaxError | ClientError) and not isinstance(error, ConstraintError):
        return QueryError(
            f"Found a query that the server refuses: {text} Expected Cypher as Neo4j 5 reads it."
        )
    return DatabaseError(
        f"Found the server failing ({code}: {text}); expected it to answer. Nothing half-written is visible; "
        "see the server's log, then run the same command again."
    )


def still_running(timeout_s: float | None) -> str:
    """Say that a query has not ended in its time."""
    limit = "its time limit" if timeout_s is None else f"its limit of {timeout_s:g} s"
    return (
        f"Found the query still running after {limit}; expected it to finish. Narrow it (a sample, an "
        "image, LIMIT), or give it more time with --timeout-s."
    )


def not_ended(timeout_s: float | None, uri: str, *, started_again: bool) -> str:
    """Say that a query did not react when it was told to end."""
    what_next = (
        "so Neo4j is being started again. What was stored is complete. Simplify the query."
        if started_again
        else f"and the server at {uri} still works on it. Its administrator may have to restart it (a local one: "
        "`cathograph db stop`). Simplify the query."
    )
    return (
        f"{still_running(timeout_s)} It did not react when it was told to end (a regular expression, or the plan of a "
        f"long pattern, may take minutes in one step), {what_next}"
    )


def not_taken(uri: str, waited_s: float) -> str:
    """Say that the server did not begin with a query."""
    return (
        f"Found the server at {uri} not taking the query for {waited_s:.0f} s; expected it to answer. It may be "
        "starting, or busy: ask again in a minute."
    )


def ended_by_query(why: str) -> str:
    """Say why the local server ended while it ran a query."""
    return (
        f"Found the server ended while it ran this query: {why}. It is being started again; what was stored is "
        "complete. Narrow the query (a sample, an image, LIMIT)."
    )


def about_tls(uri: str) -> str:
    """Say what ``+s`` asks of a server: one without TLS hangs up, and the driver does not say why."""
    scheme, _, _ = uri.partition("://")
    plain, security, _ = scheme.partition("+")
    if not security:
        return ""
    return f"{scheme}:// needs a server with TLS; for one without it, write {plain}://. "


def gone(uri: str, error: BaseException) -> ServerGone:
    """Say that the server has gone while it was asked."""
    return ServerGone(
        f"Found the server at {uri} gone in the middle ({first_line(error)}); expected it to stay. What "
        "was already stored is complete. Start it (`cathograph db start`) and run the same command again."
    )


@contextlib.contextmanager
def driver_errors(uri: str) -> Iterator[None]:
    """Turn errors of the driver and of the server into ours."""
    try:
        yield
    except CathographError:
        raise
    except RecursionError as error:
        msg = (
            "Found lists or maps nested too deep to be read from the server; expected at most 100 levels. "
            "Return their parts."
        )
        raise QueryError(msg) from error
    except (ServiceUnavailable, SessionExpired, OSError) as error:
        raise gone(uri, error) from error
    except Neo4jError as error:
        raise translate(error, None) from error
    except DriverError as error:
        msg = (
            f"Found the database driver refusing ({first_line(error)}); expected a working connection. "
            "Run the same command again."
        )
        raise DatabaseError(msg) from error


def first_line(error: BaseException) -> str:
    """Give the first line of what an error says."""
    text = error.message if isinstance(error, Neo4jError) and error.message else str(error)
    return (text.strip().splitlines() or [type(error).__name__])[0]
