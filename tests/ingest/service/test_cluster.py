"""What is refused before any cluster is asked, or when there is none."""

from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

from cathograph.ingest.options import IngestOptions, ServiceSettings, Source
from cathograph.ingest.pipeline import Placement
from cathograph.ingest.service.cluster import ClusterWorkers, ingest_on_cluster
from cathograph.schema.errors import InputError, PhaseMapError

OPTIONS = IngestOptions(source=Source.PHASES, phases="0=background,1=NMC", pixel_size_nm=50)


def open_nothing():
    raise AssertionError


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://x:8786"])
def test_no_scheduler(address):
    with pytest.raises(InputError, match="no Dask scheduler at"):
        ClusterWorkers(address, open_nothing)


def test_two_files_of_one_name(tmp_path):
    paths = [tmp_path / "1.tif", tmp_path / "1.npy"]
    for path in paths:
        with path.open("wb") as file:
            np.save(file, np.ones((4, 5), np.uint8))

    @contextmanager
    def open_no_store():
        yield SimpleNamespace(connection=None)

    with pytest.raises(InputError) as caught:
        ingest_on_cluster(paths, OPTIONS, Placement("s"), "tcp://127.0.0.1:1", open_no_store)
    assert all(str(path) in str(caught.value) for path in paths)
    with pytest.raises(InputError, match="several files for one image name"):
        ingest_on_cluster(
            [paths[0], tmp_path / "2.tif"], OPTIONS, Placement("s", "x"), "tcp://127.0.0.1:1", open_nothing
        )


def test_options_are_checked_here(tmp_path):
    options = IngestOptions(source=Source.PHASES, phases="0=nothing", pixel_size_nm=50)
    with pytest.raises(PhaseMapError):
        ingest_on_cluster([tmp_path / "1.tif"], options, Placement("s"), "tcp://127.0.0.1:1", open_nothing)


def test_zero_workers_mean_the_whole_cluster_and_nothing_here():
    assert ServiceSettings(workers=0, scheduler="tcp://x:1").workers == 0
    with pytest.raises(InputError, match="`workers` 0"):
        ServiceSettings(workers=0)
