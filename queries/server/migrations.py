"""Constraints and indexes, brought up to date whenever a store is opened.

Each file of schema/constraints is applied once, in the order of the number in its name, and noted in the
store. Every statement may be applied again, so two commands that open a bare store at once, or one that was
killed half-way, do no harm. A file that was released is never changed; a change is a new file.
"""

from importlib.resources import files

from cathograph.queries.catalog import load_internal, load_write
from cathograph.queries.server.connection import Connection
from cathograph.schema.errors import SchemaOutdated

_FOLDER = files("cathograph.schema") / "constraints"


def schema_files() -> dict[int, str]:
    """Names of the files, by number."""
    names = sorted(path.name for path in _FOLDER.iterdir() if path.name.endswith(".cypher"))
    return {int(name.split("-")[0]): name for name in names}


def schema_version(connection: Connection) -> int:
    """Read the number of the last file that was applied; 0 for a bare store."""
    rows = connection.read(load_internal("inspect", "schema_version").text).rows
    return int(rows[0][0]) if rows else 0


def migrate(connection: Connection) -> int:
    """Apply the files that the store lacks.

    Returns
    -------
    int
        The version it has then.

    Raises
    ------
    SchemaOutdated
        When the store was written by a newer Cathograph than this one.
    """
    known = schema_files()
    found, newest = schema_version(connection), max(known)
    if found > newest:
        msg = (
            f"Found a store with schema version {found}; expected at most {newest}, the newest that this "
            "Cathograph knows. Update Cathograph, or open another store (--home, NEO4J_URI)."
        )
        raise SchemaOutdated(msg)
    for number, name in known.items():
        if number > found:
            connection.change_schema(statements((_FOLDER / name).read_text(encoding="utf-8")))
            note = load_write("note_schema_version").text
            connection.write(lambda tx, n=number, f=name, text=note: tx.run(text, {"version": n, "name": f}))  # type: ignore[misc]
    return newest


def statements(text: str) -> list[str]:
    """Split a file of constraints into its statements; comment lines are left out."""
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))
    return [statement.strip() for statement in code.split(";") if statement.strip()]
