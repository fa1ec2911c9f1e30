"""The server killed in the middle of an image, as by a power cut: started again, running again finishes."""

import os
import signal

import pytest
from database_server import SMALL, temporary_home
from toy_rows import make_toy_rows

from cathograph.local_neo4j.server import LocalNeo4j
from cathograph.queries.reading.content import content_hash
from cathograph.queries.server.connection import connect
from cathograph.queries.server.migrations import migrate
from cathograph.queries.writing.images import IngestRunRecord, unfinished, write_image
from cathograph.schema.errors import DatabaseError


@pytest.mark.slow
@pytest.mark.neo4j
def test_server_killed_in_the_middle():
    with temporary_home() as home:
        server = LocalNeo4j(home, memory=SMALL)

        def opened():
            address = server.start()
            return connect(address.uri, address.user, address.password, retry_s=1)

        with opened() as store:
            migrate(store)
            write_image(store, make_toy_rows(), IngestRunRecord.of_memory("a"))
            undisturbed = content_hash(store)
            second = make_toy_rows(image="second", key="k2")
            write_image(store, second, IngestRunRecord.of_memory("b"))
            both = content_hash(store)
        for killed_at in (2, 9):
            third = make_toy_rows(image=f"third {killed_at}", key=f"k3 {killed_at}")

            def kill(done, total, killed_at=killed_at):
                if done == killed_at:
                    os.kill(server.status().pid, signal.SIGKILL)

            with opened() as store:
                before = content_hash(store)
                with pytest.raises(DatabaseError, match="gone in the middle"):
                    write_image(store, third, IngestRunRecord.of_memory("c"), group_rows=1, progress=kill)
            with opened() as store:
                assert content_hash(store) == before
                assert unfinished(store) == [third.segmentation_key]
                assert (
                    write_image(store, third, IngestRunRecord.of_memory("c"), group_rows=1).state == "written"
                )
                assert unfinished(store) == []
        assert len({undisturbed, both, before}) == 3
