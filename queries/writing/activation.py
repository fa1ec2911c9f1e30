"""Which of an image's segmentations is in sight.

A particle carries the labels `Particle` and its phase only while its segmentation is the active one of its
image; else it is an `InactiveParticle`, and a TPB an `InactiveTPB`. So a question like ``MATCH (n:NMC)``
never counts a particle twice, and a change of version is seen whole or not at all: the labels change in one
transaction.
"""

from cathograph.queries.catalog import load_write
from cathograph.queries.server.connection import Connection
from cathograph.queries.server.transactions import Records, Transaction
from cathograph.schema.errors import QueryError


def activate(connection: Connection, segmentation_key: str) -> None:
    """Bring a segmentation of an image into sight, and the one that was active out of sight.

    Parameters
    ----------
    connection : Connection
        Where.
    segmentation_key : str
        Key of a segmentation that is complete.

    Raises
    ------
    QueryError
        When there is none of this key.
    """

    def work(transaction: Transaction) -> None:
        found = run_write(transaction, "image_of_segmentation", segmentation=segmentation_key)
        if not found.rows:
            msg = (
                f"Found no segmentation {segmentation_key!r}; expected one that is stored. "
                "`cathograph query segmentations` lists them."
            )
            raise QueryError(msg)
        image_key, image = found.rows[0]
        hide_others(transaction, image_key, image, segmentation_key)
        show(transaction, segmentation_key)

    connection.write(work)


def hide_others(transaction: Transaction, image_key: str, image: str, segmentation_key: str) -> None:
    """Lock the image (made where it is new) and take its other segmentations out of sight."""
    held = run_write(
        transaction, "hold_image", image_key=image_key, image=image, segmentation=segmentation_key
    )
    for (other,) in held.rows:
        if other is not None:
            run_write(transaction, "hide_tpbs", segmentation=other)
            run_write(transaction, "hide_particles", segmentation=other)


def show(transaction: Transaction, segmentation_key: str) -> None:
    """Bring a segmentation with its particles and TPBs into sight; changes nothing when it is."""
    run_write(transaction, "show_particles", segmentation=segmentation_key)
    run_write(transaction, "show_tpbs", segmentation=segmentation_key)


def run_write(transaction: Transaction, name: str, **parameters: object) -> Records:
    """Run one of the queries that write."""
    return transaction.run(load_write(name).text, parameters)
