"""What is no address of a scheduler is said at once, not looked up for twenty seconds."""

import time

import pytest

from cathograph.ingest.service.cluster import connect
from cathograph.schema.errors import InputError


@pytest.mark.parametrize("address", ["nonsense", "tcp://host", "host:", "two words:8786", ""])
def test_no_address(address):
    began = time.monotonic()
    with pytest.raises(InputError, match=r"expected its address, as tcp://host:8786"):
        connect(address)
    assert time.monotonic() - began < 10  # of which Dask's import takes most


def test_an_address_where_nobody_listens():
    with pytest.raises(InputError, match=r"no Dask scheduler at tcp://127.0.0.1:9 "):
        connect("tcp://127.0.0.1:9", timeout_s=1)
