"""Whose fault it is: the file's (set aside) or that of something outside (tried again)."""

import dataclasses
from contextlib import contextmanager, nullcontext
from functools import partial

import numpy as np
import pytest
import tifffile

from cathograph.ingest.formats.file_state import hash_of_bytes, look_at
from cathograph.ingest.options import IngestOptions, Source
from cathograph.ingest.pipeline import Placement
from cathograph.ingest.service.groups import JobSpec, ReadFile
from cathograph.ingest.service.job_run import run_job
from cathograph.ingest.service.patient_store import PatientStore, Stopped
from cathograph.ingest.stored.source_files import find_source_files
from cathograph.queries.server.connection import connect
from cathograph.queries.server.migrations import schema_version
from cathograph.schema.errors import CannotConnect, DatabaseError, SchemaOutdated

PHASES = "0=background,1=NMC,2=SSE,3=Graphite"


@dataclasses.dataclass
class Opened:
    """A store that is open; `writing` may fail."""

    connection: object
    writing: object = nullcontext


@pytest.fixture
def mask(tmp_path):
    image = np.zeros((24, 30), np.uint8)
    image[4:18, 4:12] = 1
    image[4:18, 13:20] = 2
    path = tmp_path / "mask.tif"
    tifffile.imwrite(path, image)
    return path


def spec_of(path, **options):
    chosen = {"source": Source.PHASES, "phases": PHASES, "pixel_size_nm": 50, **options}
    read = ReadFile(path.name, look_at(path), hash_of_bytes(path))
    return JobSpec(
        "id", path.parent, read, None, None, IngestOptions(**chosen), Placement("s", path.stem), None
    )


@pytest.mark.neo4j
class TestCauses:
    """Inside or outside."""

    def test_done_and_done_again(self, clean_store, mask):
        first, second = (run_job(spec_of(mask), Opened(clean_store)) for _ in range(2))
        assert (first.state, first.outcome, first.method, first.counts["particles"]) == (
            "done",
            "written",
            "given",
            2,
        )
        assert (second.state, second.outcome) == ("done", "unchanged")

    def test_the_grey_image_beside_labels_is_found_again(self, clean_store, mask):
        grey = mask.with_name("grey.tif")
        tifffile.imwrite(grey, np.zeros((24, 30), np.uint16))
        beside = ReadFile(grey.name, look_at(grey), hash_of_bytes(grey))
        result = run_job(dataclasses.replace(spec_of(mask), grey=beside), Opened(clean_store))
        assert result.state == "done"
        assert find_source_files(clean_store, sample="s", image="mask").grey.path == grey

    def test_no_pixel_size_is_inside(self, clean_store, mask):
        result = run_job(spec_of(mask, pixel_size_nm=None), Opened(clean_store))
        assert (result.state, "no pixel size" in result.reason) == ("failed", True)

    def test_a_value_without_phase_is_inside(self, clean_store, mask):
        result = run_job(spec_of(mask, phases="0=background,1=NMC"), Opened(clean_store))
        assert (result.state, "2" in result.reason) == ("failed", True)

    def test_a_truncated_file_is_inside(self, clean_store, mask):
        mask.write_bytes(mask.read_bytes()[:-300])
        result = run_job(spec_of(mask), Opened(clean_store))
        assert result.state == "failed"
        assert "\n" not in result.reason

    def test_a_file_that_went_away_is_outside(self, clean_store, mask):
        spec = spec_of(mask)
        mask.unlink()
        result = run_job(spec, Opened(clean_store))
        assert (result.state, "no such file" in result.reason) == ("postponed", True)

    def test_a_file_that_changed_is_outside(self, clean_store, mask):
        spec = spec_of(mask)
        mask.write_bytes(mask.read_bytes() + b"\0")
        assert run_job(spec, Opened(clean_store)).state == "postponed"

    def test_a_file_that_became_a_link_out_is_not_read(self, clean_store, mask, tmp_path):
        inside = tmp_path / "watched"
        inside.mkdir()
        mask.rename(inside / "mask.tif")
        (inside / "mask.tif").rename(tmp_path / "mask.tif")
        (inside / "mask.tif").symlink_to("../mask.tif")
        spec = spec_of(inside / "mask.tif")  # in the same state, so that the link alone is wrong
        result = run_job(spec, Opened(clean_store))
        assert (result.state, "leads out" in result.reason) == ("postponed", True)

    def test_a_database_that_is_gone_is_outside(self, neo4j_server, mask):
        gone = connect(neo4j_server.uri, neo4j_server.user, neo4j_server.password)
        gone.close()
        result = run_job(spec_of(mask), Opened(gone))
        assert (result.state, "driver" in result.reason) == ("postponed", True)

    def test_a_full_disk_of_the_server_is_outside(self, clean_store, mask):
        @contextmanager
        def full():
            yield
            msg = "Found the server's disk full; expected room."
            raise DatabaseError(msg)

        result = run_job(spec_of(mask), Opened(clean_store, full))
        assert (result.state, "disk full" in result.reason) == ("postponed", True)

    def test_rules_that_cannot_be_meant(self, clean_store, mask):
        spec = dataclasses.replace(spec_of(mask), options=None, fault="Found two.")
        assert run_job(spec, Opened(clean_store)).reason == "Found two."


class Waiting:
    """Stands for the event that ends the service: waiting takes no time, and ends after some rounds."""

    def __init__(self, rounds):
        self.rounds = rounds

    def wait(self, _seconds):
        self.rounds -= 1
        return self.rounds < 0


@pytest.mark.neo4j
class TestPatience:
    """The connection of the service itself."""

    @pytest.fixture
    def open_store(self, neo4j_server, clean_store):
        @contextmanager
        def opened(refusals):
            if refusals and refusals.pop():
                msg = "Found no Neo4j."
                raise CannotConnect(msg)
            with connect(neo4j_server.uri, neo4j_server.user, neo4j_server.password) as connection:
                yield Opened(connection)

        return opened

    def test_it_waits_says_so_once_and_goes_on(self, open_store):
        said = []
        # Taken from the end: the first opening succeeds, three more are refused.
        refusals = [False, True, True, True, True, True, False]
        with PatientStore(partial(open_store, refusals), Waiting(100), said.append) as store:
            store._store.connection.close()  # noqa: SLF001  the server goes away
            assert store.run(schema_version) > 0
        assert len(said) == 2
        assert said[0].startswith("The database is gone; waiting for it.")
        assert said[1] == "The database is back."

    def test_it_may_be_told_to_end_meanwhile(self, open_store):
        with PatientStore(partial(open_store, [True] * 50 + [False]), Waiting(3), lambda line: None) as store:
            store._store.connection.close()  # noqa: SLF001
            with pytest.raises(Stopped):
                store.run(schema_version)

    def test_a_request_that_fails_though_the_database_answers_is_raised(self, open_store):
        asked = []

        def fails(connection):
            asked.append(schema_version(connection))
            msg = "Found a fault."
            raise DatabaseError(msg)

        with (
            PatientStore(partial(open_store, []), Waiting(100), print) as store,
            pytest.raises(DatabaseError, match="a fault"),
        ):
            store.run(fails)
        assert len(asked) == 5

    def test_a_newer_store_is_not_waited_for(self, open_store):
        def newer(_connection):
            msg = "Found a newer store."
            raise SchemaOutdated(msg)

        with (
            PatientStore(partial(open_store, []), Waiting(100), print) as store,
            pytest.raises(SchemaOutdated),
        ):
            store.run(newer)

    def test_at_the_start_a_database_that_is_not_there_is_an_error(self, open_store):
        with pytest.raises(CannotConnect), PatientStore(partial(open_store, [True]), Waiting(1), print):
            pass
