"""What the driver's errors mean, in our own words: what was found, what was expected, what to do next."""

from neo4j.exceptions import ClientError, ConstraintError, CypherSyntaxError, Neo4jError

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


def is_final(error: Neo4jError) -> bool:
    """Tell whether repeating the transaction cannot help."""
    return not error.is_retryable() or any(word in (error.code or "") for word in _OUT_OF_MEMORY)


def translate(error: Neo4jError, timeout_s: float | None) -> CathographError:
    """Turn an error of the server into one of ours; `timeout_s` is the limit that was set."""
    code, text = error.code or "", first_line(error)
    if code.startswith(_TIMED_OUT) or code.endswith("TransactionTerminated") or "LockClient" in code:
        limit = "its time limit" if timeout_s is None else f"its limit of {timeout_s:g} s"
        return QueryTimeout(
            f"Found the query still running after {limit}; expected it to finish. Narrow it (a sample, an "
            "image, LIMIT), or give it more time with --timeout-s."
        )
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


def first_line(error: BaseException) -> str:
    """Give the first line of what an error says."""
    text = error.message if isinstance(error, Neo4jError) and error.message else str(error)
    return (text.strip().splitlines() or [type(error).__name__])[0]
