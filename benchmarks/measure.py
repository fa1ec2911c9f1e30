"""How benchmarks measure: alternating runs for time, a fresh process for memory.

Times are medians of runs that take turns, ours and the rival's, so that whatever else
the machine does weighs on both. Memory is the growth of the resident set over what the
process held when the input was ready, measured in a process that does nothing else.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import numpy as np
import psutil
from numpy.typing import NDArray

Ours = TypeVar("Ours")
Theirs = TypeVar("Theirs")

_RUNS = 5


class WrongAnswer(AssertionError):  # noqa: N818
    """A rival and we do not agree: a benchmark of wrong answers is none."""


class BenchRow(TypedDict):
    """One comparison, as `cathograph bench --json` prints it.

    ``ratio`` is rival_s / ours_s: above 1, ours is the faster.
    """

    name: str
    ours_s: float
    rival: str
    rival_s: float
    ratio: float
    ours_peak_mb: float
    rival_peak_mb: float


def time_alternately(
    ours: Callable[[], Ours], rival: Callable[[], Theirs], *, budget_s: float = 10.0
) -> tuple[float, float, Ours, Theirs]:
    """Run both in turns, five times or until the rival has used its budget, but ours at least three times.

    Parameters
    ----------
    ours, rival : callable
        What to time. Compile and warm up before.
    budget_s : float
        The rival is not run again once its runs took this long together.

    Returns
    -------
    ours_s, rival_s : float
        Median wall times in seconds.
    ours_result, rival_result
        Results of the last runs, to be compared.
    """
    ours_s: list[float] = []
    rival_s: list[float] = []
    while True:
        start = time.perf_counter()
        ours_result = ours()
        ours_s.append(time.perf_counter() - start)
        if len(rival_s) < _RUNS and sum(rival_s) < budget_s:
            start = time.perf_counter()
            rival_result = rival()
            rival_s.append(time.perf_counter() - start)
        elif len(ours_s) >= 3:
            return statistics.median(ours_s), statistics.median(rival_s), ours_result, rival_result


def measure_peak_mb(function: str, array: NDArray[Any], arguments: Sequence[Any] = ()) -> float:
    """Measure how much memory a call needs beyond its input, in a fresh process.

    Parameters
    ----------
    function : str
        ``"package.module:name"`` of a function of an array and further `arguments`. Its
        module is imported, and the function called once on a small corner of the array
        (to compile, to load libraries), before the measurement begins.
    array : ndarray
        The input; it goes over a file in a temporary folder.
    arguments : sequence
        Further arguments, as JSON can write them.

    Returns
    -------
    float
        Growth of the peak resident set, MB (10⁶ bytes).
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input.npy"
        np.save(path, array)
        command = [
            sys.executable,
            "-m",
            "cathograph.benchmarks.measure",
            function,
            str(path),
            json.dumps(list(arguments)),
        ]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  our own module
    return float(done.stdout.split()[-1])


def resident_mb() -> float:
    """Resident set of this process now."""
    return float(psutil.Process().memory_info().rss / 1e6)


def peak_mb() -> float:
    """Peak resident set of this process.

    Linux hands ru_maxrss down from the process that started this one, so /proc comes first.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024 / 1e6
    used = psutil.Process().memory_info()
    if hasattr(used, "peak_wset"):  # Windows
        return float(used.peak_wset / 1e6)
    import resource  # macOS, where the unit is a byte; absent on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def forget_peak() -> None:
    """Reset the peak where the system can (Linux); elsewhere it includes what came before."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def _main(function: str, path: str, arguments: str) -> None:
    module, name = function.split(":")
    call = getattr(import_module(module), name)
    array = np.load(path)
    call(np.ascontiguousarray(array[(slice(64),) * array.ndim]), *json.loads(arguments))
    forget_peak()
    before = resident_mb()
    call(array, *json.loads(arguments))
    print(f"{max(peak_mb() - before, 0.0):.3f}")  # noqa: T201  read by the process that asked


if __name__ == "__main__":
    _main(*sys.argv[1:])
