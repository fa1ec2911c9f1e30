"""Which GPU a worker process has: one each, in turn, where the machine has several.

Told by the environment before CUDA begins, so that nothing that runs in the worker needs to know of it. How many
GPUs there are is read from the driver's folder: asking CUDA would load it in processes that never use it.
"""

import os
from collections.abc import Sequence
from pathlib import Path

VISIBLE = "CUDA_VISIBLE_DEVICES"
_DRIVER = Path("/proc/driver/nvidia/gpus")


def visible_gpus() -> list[str]:
    """Names of the GPUs that this process may use: those it was given, else all of the machine by number."""
    given = os.environ.get(VISIBLE)
    if given is not None:
        return [name.strip() for name in given.split(",") if name.strip()]
    try:
        return [str(number) for number, _ in enumerate(_DRIVER.iterdir())]
    except OSError:
        return []


def take_gpu(worker: int, gpus: Sequence[str]) -> None:
    """Let this process see its own GPU alone; with one or none, nothing is changed.

    Parameters
    ----------
    worker : int
        Number of the worker, from 0. With more workers than GPUs some share one.
    gpus : sequence of str
        From `visible_gpus`.
    """
    if len(gpus) > 1:
        os.environ[VISIBLE] = gpus[worker % len(gpus)]
