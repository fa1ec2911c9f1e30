"""Tests of networks run on one thread."""

import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread():
    """Leave the other cores to other workers."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
