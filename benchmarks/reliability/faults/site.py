"""A place where faults are made: a watched folder with images, a store, and somebody who looks at it all the time.

Everything is done through the command line, as users do it. What is right is asked of `cathograph verify`, which
makes the counts again from the files, and of the numbers of segmentations and jobs.
"""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import tifffile

from cathograph.benchmarks.reliability.faults.tally import Tally
from cathograph.phantom.microstructure import make_microstructure
from cathograph.queries.catalog import load
from cathograph.queries.reading.noted_images import noted_images
from cathograph.queries.reading.runner import run
from cathograph.queries.server.connection import Connection
from cathograph.schema.errors import CathographError

PHASES = "0=background,1=SSE,2=NMC,3=Graphite"
PIXEL_NM = 30
RULES = f"""
pixel_size_nm: {PIXEL_NM}
files:
  - {{pattern: '*.tif', as: phases, phases: '{PHASES}', sample: SAMPLE}}
"""
_QUICK = ("--settle-s", "0.3", "--poll-s", "1", "--lease-s", "3", "--pause-s", "0.2", "--stop-s", "30")
_LOOK_S = 0.1

Open = Callable[[], Connection]


@dataclass
class Site:
    """A watched folder and the store it goes to.

    Attributes
    ----------
    folder : Path
        Watched folder, made here; its name is that of the sample.
    environment : Mapping
        Names the store for every command.
    open_store : callable
        Opens it for looking.
    limit_s : float
        Seconds that anything may take; beyond it hangs.
    chance : Random
        Where and when faults strike.
    """

    folder: Path
    environment: Mapping[str, str]
    open_store: Open
    limit_s: float = 600.0
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311  no secret

    def __post_init__(self) -> None:
        """Make the folder and its rules."""
        self.folder.mkdir(parents=True, exist_ok=True)
        rules = RULES.replace("SAMPLE", self.sample)
        (self.folder / "beamtime.yaml").write_text(rules, encoding="utf-8")

    @property
    def sample(self) -> str:
        """Sample of everything in the folder."""
        return self.folder.name

    def fresh(self, name: str) -> "Site":
        """Give another folder and sample on the same store."""
        return replace(self, folder=self.folder.parent / name)

    def drop(self, seeds: Sequence[int], *, side: int = 96, name: str = "{}.tif") -> list[Path]:
        """Put images into the folder, each whole at once."""
        paths = []
        for seed in seeds:
            path = self.folder / name.format(seed)
            part = path.with_name(f"{path.name}.part")
            tifffile.imwrite(part, make_microstructure((side, side), preset="BLE", seed=seed).phases)
            paths.append(part.replace(path))
        return paths

    def command(self, tally: Tally, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; one that takes too long, or shows a traceback, is counted."""
        words = [sys.executable, "-m", "cathograph", *map(str, arguments)]
        process = subprocess.Popen(  # noqa: S603  our own module
            words,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            out, err = process.communicate(timeout=self.limit_s)
        except subprocess.TimeoutExpired:
            tally.hangs += 1
            tally.notes.append(f"{' '.join(words[3:5])} took more than {self.limit_s:.0f} s")
            _kill_group(process.pid)
            out, err = process.communicate()
        note_traceback(tally, err)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    @contextmanager
    def service(self, tally: Tally, *options: str) -> "Iterator[subprocess.Popen[bytes]]":
        """Run the service; at the end it is told to stop, and its output is looked at for tracebacks."""
        said = self.folder.parent / f"service-{time.monotonic_ns()}.log"
        with said.open("wb") as stream:
            process = subprocess.Popen(  # noqa: S603  our own module
                [sys.executable, "-m", "cathograph", "watch", str(self.folder), *_QUICK, *options],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
            try:
                yield process
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
                try:
                    process.wait(self.limit_s)
                except subprocess.TimeoutExpired:
                    tally.hangs += 1
                    tally.notes.append("the service did not end on SIGTERM")
            finally:
                _kill_group(process.pid)
                process.wait()
        note_traceback(tally, said.read_text(encoding="utf-8", errors="replace"))

    def work_off(self, tally: Tally) -> None:
        """Run the service until all that is there is worked off."""
        self.command(tally, "watch", self.folder, *_QUICK, "--once")

    def states(self) -> list[str]:
        """Give the states of all jobs; empty when the store does not answer."""
        return [str(state) for state in self._jobs("state")]

    def attempts(self) -> int:
        """Count how often a job was begun; 0 when the store does not answer."""
        return sum(int(attempts) for attempts in self._jobs("attempts"))

    def _jobs(self, column: str) -> list[Any]:
        try:
            with self.open_store() as store:
                return list(run(store, load("jobs"), {"sample": self.sample})[column])
        except CathographError:
            return []

    def wait_until(self, condition: Callable[[], bool], tally: Tally, what: str) -> bool:
        """Wait for something; if it does not come in time, a hang is counted."""
        until = time.monotonic() + self.limit_s
        while not condition():
            if time.monotonic() > until:
                tally.hangs += 1
                tally.notes.append(f"{what}: waited {self.limit_s:.0f} s in vain")
                return False
            time.sleep(0.1)
        return True

    def count(self, tally: Tally) -> None:
        """Compare the store with the files of the folder, image by image."""
        files = sorted(path.stem for path in self.folder.glob("*.tif"))
        done = self.command(tally, "verify", "--json", "--sample", self.sample, "--files", self.folder)
        try:
            verdicts = json.loads(done.stdout)
        except json.JSONDecodeError:
            verdicts = []
        same = {each["image"] for each in verdicts if each["state"] == "same"}
        tally.lost += len(set(files) - same)
        tally.notes += [each["reason"] for each in verdicts if each["state"] != "same"][:3]
        with self.open_store() as store:
            segmentations = run(store, load("segmentations"), {"sample": self.sample})
            jobs = run(store, load("jobs"), {"sample": self.sample})
        tally.doubled += int(segmentations.duplicated(["image", "content_sha256", "params"]).sum())
        tally.doubled += int(segmentations[segmentations["active"]].duplicated("image").sum())
        tally.doubled += int(jobs.duplicated(["file", "file_sha256"]).sum())

    def empty(self, tally: Tally) -> None:
        """Take the sample out of the store, where it is in it."""
        with self.open_store() as store:
            stored = not run(store, load("samples"), {"sample": self.sample}).empty
        if stored:
            self.command(tally, "delete", "--sample", self.sample, "--yes")


class Observer:
    """Looks at the store all the time, and counts the looks that saw an image half."""

    def __init__(self, site: Site, tally: Tally) -> None:
        self._site = site
        self._tally = tally
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Observer":
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop looking."""
        self._stop.set()
        self._thread.join(timeout=60)

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                with self._site.open_store() as store:
                    while not self._stop.wait(_LOOK_S):
                        self._look(store)
            except CathographError:
                self._stop.wait(_LOOK_S)  # the server is gone, as it is meant to be

    def _look(self, store: Connection) -> None:
        seen = noted_images(store)
        self._tally.looks += 1
        for image in seen:
            if image.counted != image.stored or image.active != 1:
                self._tally.half_visible += 1
                self._tally.notes.append(f"{image.image}: {image.stored} in place of {image.counted}")


def note_traceback(tally: Tally, said: str) -> None:
    """Count a traceback in what a program said."""
    if "Traceback" in said:
        tally.tracebacks += 1
        tally.notes.append(said[said.index("Traceback") :][-600:])


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
