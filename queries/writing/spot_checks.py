"""Writing the result of a blind spot check."""

from collections.abc import Mapping

from cathograph.queries.server.connection import Connection
from cathograph.queries.server.transactions import Transaction
from cathograph.queries.writing.activation import run_write
from cathograph.schema.errors import DatabaseError
from cathograph.schema.row_checks import check_value
from cathograph.schema.spot_check import SEGMENTATION_SPOT_CHECK


def write_spot_check(connection: Connection, segmentation: str, values: Mapping[str, object]) -> None:
    """Put the result of a spot check on a segmentation.

    Parameters
    ----------
    connection : Connection
        Where.
    segmentation : str
        Its key.
    values : Mapping
        A value for each property of `cathograph.schema.spot_check`, the time aside.

    Raises
    ------
    RowError
        When a value is not what its property declares.
    DatabaseError
        When the segmentation was deleted meanwhile, or the server fails.
    """
    for prop in SEGMENTATION_SPOT_CHECK:
        if prop.name != "spot_checked":
            check_value("spot check", prop, values[prop.name])

    def work(transaction: Transaction) -> None:
        if not run_write(transaction, "set_spot_check", segmentation=segmentation, values=dict(values)).rows:
            msg = (
                f"Found no segmentation {segmentation}; expected the one that was checked. It was deleted meanwhile. "
                "Ingest the image again."
            )
            raise DatabaseError(msg)

    connection.write(work)
